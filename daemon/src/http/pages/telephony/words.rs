//! What the pages of telephony say.

use super::super::messages::words;

words! {
    /// The page of departments.
    DepartmentWords {
        add: "Add department", "Добавить отдел";
        none: "No department yet.", "Отделов пока нет.";
        delete_department: "Delete this department?", "Удалить отдел?";
        delete_department_text: "Its members stay. Calls to its number will be refused.", "Сотрудники останутся. Звонки на номер отдела приниматься не будут.";
        title: "Name", "Название";
        members: "Members", "Сотрудники отдела";
        members_none: "nobody", "никого";
        and_more: "and more:", "и ещё:";
        strategy: "Who rings", "Кому звонить";
        waiting: "Waiting", "Ждут";
        longest: "longest", "дольше всех";
        free: "Free", "Свободны";
        today: "Answered today", "Принято сегодня";
        in_time: "in time", "вовремя";
        average: "wait", "ожидание";
        of: "of", "из";

        whom: "Staff member", "Сотрудник";
        penalty: "Rank", "Ранг";
        at_once: "Calls at once", "Звонков сразу";
        members_hint: "The order counts where the strategy leaves it open", "Порядок важен, когда способ не решает сам";

        ringing: "Ringing", "Вызов";
        ring_all: "All at once", "Всем сразу";
        longest_idle: "Who has been free longest", "Кто дольше свободен";
        fewest_calls: "Who has had the fewest calls", "У кого меньше звонков";
        round_robin: "In turn", "По кругу";
        linear: "By rank, lower ones first", "По рангу, меньший раньше";
        random: "Anyone", "Случайно";
        ring_time: "Rings for", "Звонит";
        wrap_up: "Rest after a call", "Пауза после разговора";
        pause_after_missed: "Rest after a missed call", "Пауза после пропущенного";
        retry: "Next attempt after", "Следующая попытка через";

        line: "Waiting in line", "Очередь ожидания";
        capacity: "Most callers in line", "Мест в очереди";
        longest_wait: "Longest wait", "Ждать не дольше";
        no_limit: "Empty: no limit", "Пусто: без ограничения";
        join: "When nobody is there", "Когда никого нет";
        join_always: "Wait all the same", "Всё равно ждать";
        join_works: "Wait while somebody works", "Ждать, если кто-то на работе";
        join_free: "Wait only if somebody is free", "Ждать, только если кто-то свободен";
        leave: "Leaves when nobody is there for", "Уходит, если никого нет";
        vip: "VIP clients", "Vip-клиенты";
        vip_strict: "First in line", "В начало очереди";
        vip_head_start: "With a head start", "С форой";
        vip_ignore: "As everybody", "Как все";
        vip_lead: "Head start", "Фора";
        overtaken: "Pass who came at most", "Обгоняют пришедших не раньше чем за";
        overtaken_hint: "Earlier callers keep their place. Empty: pass everybody", "Кто ждёт дольше, остаётся впереди. Пусто: обгоняют всех";
        overflow: "Those who waited in vain go to", "Кому передать, если не дождались";

        announce: "Announcements", "Объявления";
        every: "Repeat every", "Повторять каждые";
        every_hint: "Empty: music only", "Пусто: только музыка";
        say_position: "Say the place in line", "Называть место в очереди";
        say_wait: "Say how long it will take", "Называть время ожидания";
        whisper: "To whoever picks up", "Кто снял трубку, слышит";
        whisper_department: "For which department the call is", "В какой отдел звонят";
        whisper_vip: "That a VIP calls", "Что звонит Vip-клиент";

        hours: "Hours", "Часы работы";
        always_open: "Always open", "Круглосуточно";
        closed_to: "While closed, calls go to", "В нерабочее время передать";
        closed_refused: "Nobody: they are refused", "Никому: звонок отклоняется";
        project: "Project", "Проект";
        priority: "Priority", "Приоритет";
        priority_hint: "Shared members: the higher one is served first", "Для общих сотрудников: больший обслуживается раньше";
        place: "Place", "Место";
        place_hint: "Of equal priority: the lower one is served first", "При равном приоритете: меньшее раньше";
        service_level: "In time means within", "Вовремя — это за";
    }
}

words! {
    /// The page of lines.
    LineWords {
        title: "Lines", "Линии";
        add: "Add a line", "Добавить линию";
        edit: "Line", "Линия";
        lines: "Lines to providers", "Линии операторов";
        none: "No line yet: calls stay inside.", "Линий пока нет: звонки только внутри компании.";
        delete_line: "Delete this line?", "Удалить линию?";
        delete_line_text: "Calls in progress go on.", "Текущие разговоры не прервутся.";
        name: "Name", "Название";
        address: "Where it leads", "Куда ведёт";
        kind_registration: "We register", "Мы регистрируемся";
        kind_address: "By address", "По адресу";
        kind_gateway: "Gateway registers with us", "Шлюз регистрируется у нас";
        state_registered: "Registered", "Зарегистрирована";
        state_trying: "Registering…", "Регистрируется…";
        state_failing: "Does not register", "Не регистрируется";
        state_silent: "Does not answer", "Не отвечает";
        state_answers: "Answers", "Отвечает";
        state_none: "Not watched", "Без проверки";
        since: "Since", "Начало";
        limit: "Calls at a time", "Звонков сразу";
        any_number: "any number", "без ограничения";
        only: "Only numbers", "Только номера";

        kind: "How the provider is connected", "Как подключён оператор";
        registration_text: "With a login and a password that the provider gave you", "По логину и паролю, которые дал оператор";
        address_text: "By addresses, without a password", "По адресам, без пароля";
        gateway_text: "A gateway or another exchange logs in here", "Шлюз или другая станция подключается к нам";
        host: "Provider's server", "Сервер оператора";
        port: "Port", "Порт";
        port_hint: "Empty: as the provider's name says", "Пусто: как указано у оператора";
        transport: "Transport", "Транспорт";
        transport_auto: "Auto", "Авто";
        user: "Login", "Логин";
        password: "Password", "Пароль";
        password_keep: "Empty: the present one stays", "Пусто: останется прежний";
        auth_user: "Login for the password, if it is another", "Логин для пароля, если другой";
        expires: "Registers for", "Срок регистрации";
        sources: "Addresses that the provider calls from", "Адреса, с которых звонит оператор";
        sources_hint: "One a line, as in 203.0.113.7 or 203.0.113.0/24", "По одному в строке: 203.0.113.7 или 203.0.113.0/24";
        shown_number: "Number that calls show", "Номер, который показывать";
        gateway_note: "After saving you get the data for the gateway: server, login and password.", "После сохранения вы получите данные для шлюза: сервер, логин и пароль.";
        gateway_data: "Data for the gateway", "Данные для шлюза";
        more_servers: "Further servers", "Запасные серверы";
        more_servers_hint: "One a line: host:port transport", "По одному в строке: адрес:порт транспорт";
        probe: "Ask whether it lives every", "Проверять связь каждые";
        probe_hint: "Empty: never", "Пусто: не проверять";
        tls_fingerprint: "Certificate of its servers (SHA-256)", "Сертификат серверов (SHA-256)";
        tls_fingerprint_hint: "For TLS with a certificate that no known authority has signed. Empty: it has to be signed", "Для TLS с сертификатом, который не подписан известным центром. Пусто: подпись обязательна";
        per_second: "New calls a second", "Новых звонков в секунду";
        codecs: "Codecs, the best first", "Кодеки, лучший первым";
        codecs_hint: "None: all that we speak", "Ни одного: все, что умеем";
        codec: "Codec", "Кодек";
        numbers_in: "The provider writes numbers", "Оператор присылает номера";
        numbers_out: "The provider wants numbers", "Оператору отправлять номера";
        format_e164: "+7 912…", "+7 912…";
        format_plain: "7 912…, without a plus", "7 912…, без плюса";
        format_national: "8 912…, as in the country", "8 912…, как внутри страны";
        identity: "How it is told who calls", "Как сообщать номер";
        identity_from: "From alone", "Только From";
        redirection: "How it is told of forwarding", "Как сообщать о переадресации";
        redirection_none: "Not at all", "Никак";
        privacy: "Hide who calls from whom they call", "Скрывать номер от тех, кому звоним";
        prefixes: "Only numbers that begin with", "Только номера, которые начинаются с";
        prefixes_hint: "Digits without a plus, separated by blanks. Empty: all", "Цифры без плюса через пробел. Пусто: все";
        place: "Place", "Место";
        place_hint: "Of lines that fit equally the lower is tried first", "Из подходящих линий меньшая пробуется раньше";

        routes: "Outbound routes", "Исходящие маршруты";
        routes_none: "No routes: each line's own numbers decide.", "Маршрутов нет: решают настройки линий.";
        add_route: "Add a route", "Добавить маршрут";
        route: "Route", "Маршрут";
        delete_route: "Delete this route?", "Удалить маршрут?";
        delete_route_text: "Calls in progress go on.", "Текущие разговоры не прервутся.";
        calls_to: "Calls to", "Звонки на";
        by_lines: "By lines, in this order", "По линиям, в этом порядке";
        barred: "Nobody may call there", "Звонить нельзя";
        for_all: "All numbers", "Все номера";
        for_emergencies: "Emergency numbers", "Экстренные номера";
        for_prefix: "Numbers that begin with", "Номера, которые начинаются с";
        prefix_hint: "With a plus, as in +7495", "С плюсом, например +7495";
        route_lines: "Lines, the first one first", "Линии по порядку";
        route_lines_hint: "None: such calls are refused", "Ни одной: такие звонки запрещены";

        emergency: "Emergency numbers", "Экстренные номера";
        emergency_numbers: "Numbers beside 112", "Номера, кроме 112";
        emergency_numbers_hint: "Separated by blanks", "Через пробел";
        emergency_prefix: "Prefix", "Префикс";
        emergency_prefix_hint: "After it each of them is an emergency number, whoever has it", "После него это экстренный номер, даже если он чей-то короткий";
        emergency_first: "Before short numbers that are the same", "Важнее таких же коротких номеров";
        conflict: "is also somebody's short number; whoever dials it reaches", "— ещё и короткий номер; набравший попадёт";
        reaches_emergency: "the emergency service", "в экстренную службу";
        reaches_person: "the colleague", "к коллеге";
        saved: "Saved", "Сохранено";
        error_prefix: "A plus and up to 15 digits", "Плюс и до 15 цифр";
        error_route_taken: "There is a route for these numbers already", "Для этих номеров маршрут уже есть";
        error_source: "An address or a network, as in 203.0.113.0/24", "Адрес или сеть, например 203.0.113.0/24";
        error_source_taken: "Another line has this address", "Этот адрес есть у другой линии";
        error_emergency: "2 to 6 digits each, separated by blanks", "От 2 до 6 цифр каждый, через пробел";
    }
}

words! {
    /// The page of schedules.
    ScheduleWords {
        title: "Work schedules", "График работы";
        add: "Add a schedule", "Добавить график";
        edit: "Schedule", "График";
        none: "No schedule yet: everybody is there at any time.", "Графиков пока нет: все работают круглосуточно.";
        delete_schedule: "Delete this schedule?", "Удалить график?";
        delete_schedule_text: "Only one that nobody has can be deleted.", "Удалить можно только график, который никому не назначен.";
        name: "Name", "Название";
        time_zone: "Time zone", "Часовой пояс";
        observes: "Closed on the company's holidays", "В праздники компании — выходной";
        observes_tag: "with holidays", "с праздниками";
        week: "Week", "Неделя";
        mon: "Mon", "Пн";
        tue: "Tue", "Вт";
        wed: "Wed", "Ср";
        thu: "Thu", "Чт";
        fri: "Fri", "Пт";
        sat: "Sat", "Сб";
        sun: "Sun", "Вс";
        open: "Works", "Рабочий";
        off: "Day off", "Выходной";
        unknown: "Not said", "Не задан";
        hours: "Hours", "Часы";
        hours_hint: "As in 09:00-13:00, 14:00-18:00; 22:00-06:00 goes on after midnight", "Например 09:00-13:00, 14:00-18:00; 22:00-06:00 продолжается после полуночи";
        copy_monday: "Monday's hours from Tuesday to Friday", "Часы понедельника — со вторника по пятницу";
        dates: "Dates that differ", "Особые даты";
        date: "Date", "Дата";
        date_hours_hint: "No hours: a day off", "Без часов — выходной";
        add_date: "Add a date", "Добавить дату";
        holidays: "Company holidays", "Праздники компании";
        holidays_none: "No holidays are entered.", "Праздники не заданы.";
        holiday_name: "What is celebrated", "Какой праздник";
        people: "Who works when", "Кто когда работает";
        person: "Hours and calls", "Часы и приём звонков";
        any_time: "At any time", "Круглосуточно";
        takes: "Takes calls of clients", "Принимает звонки клиентов";
        takes_not: "Takes no calls", "Не принимает звонки";
        method: "Takes calls by", "Принимает звонки на";
        method_sip: "SIP phones", "Телефоны SIP";
        method_mobile: "Own telephone number", "Свой номер телефона";
        method_sim: "Own number by one line", "Свой номер через одну линию";
        sim_line: "Line", "Линия";
        confirms: "Whoever answers outside takes the call with the key 1", "Ответивший на своём телефоне нажимает 1";
        saved: "Saved", "Сохранено";
        error_hours: "Hours as in 09:00-18:00, one after the other", "Часы вида 09:00-18:00, по порядку";
        error_date: "A date is needed", "Нужна дата";
        error_twice: "It is named twice or taken", "Уже есть или указано дважды";
        error_zone: "A time zone as in Europe/Moscow", "Часовой пояс вида Europe/Moscow";
    }
}
