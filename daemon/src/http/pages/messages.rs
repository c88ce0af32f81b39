//! Every word that a page shows, in each of its languages.

use axum::http::HeaderMap;

use crate::http::language::Language;

/// The words of a page or a group of pages: `Name { key: "English", "Russian"; }`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $en:literal, $ru:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(in crate::http::pages) struct $name {
            $(pub(in crate::http::pages) $key: &'static str,)*
        }

        impl $name {
            pub(in crate::http::pages) const ENGLISH: &'static $name = &$name { $($key: $en,)* };
            pub(in crate::http::pages) const RUSSIAN: &'static $name = &$name { $($key: $ru,)* };
        }
    };
}
pub(super) use words;

/// The same in the language of the page.
macro_rules! in_language_of {
    ($t:expr, $name:ty) => {
        match $t.lang {
            "ru" => <$name>::RUSSIAN,
            _ => <$name>::ENGLISH,
        }
    };
}
pub(super) use in_language_of;

words! {
    /// What all pages say.
    Messages {
    lang: "en", "ru";
    skip: "Skip to the content", "Перейти к содержанию";
    menu: "Main menu", "Главное меню";
    calls: "Calls", "Звонки";
    voicemail: "Voicemail", "Сообщения";
    voicemail_new: "new messages", "новых сообщений";
    staff: "Staff", "Сотрудники";
    clients: "Clients", "Клиенты";
    deals: "Deals", "Сделки";
    deals_all: "All of this client's, and new ones", "Все сделки клиента и новые";
    overdue: "Overdue", "Просрочено";
    deals_none: "No leads or deals yet.", "Лидов и сделок пока нет.";
    log_in: "Log in", "Войти";
    log_out: "Log out", "Выйти";
    login: "Login", "Логин";
    login_or_email: "Login or e-mail", "Логин или почта";
    password: "Password", "Пароль";
    new_password: "New password", "Новый пароль";
    password_keep: "Leave empty to keep the present one", "Оставьте пустым, чтобы не менять";
    login_lead: "Your company's telephone exchange", "Телефонная станция вашей компании";
    search: "Search", "Поиск";
    find: "Find", "Найти";
    reset: "Reset", "Сбросить";
    total: "Total", "Всего";
    found: "Found", "Найдено";
    actions: "Actions", "Действия";
    edit: "Edit", "Изменить";
    delete: "Delete", "Удалить";
    save: "Save", "Сохранить";
    cancel: "Cancel", "Отмена";
    close: "Close", "Закрыть";
    copy: "Copy", "Копировать";
    copied: "Copied", "Скопировано";
    previous: "Previous", "Назад";
    next: "Next", "Дальше";
    newest: "Newest", "К новым";
    older: "Older", "Более ранние";
    any: "Any", "Любые";
    none: "None", "Нет";
    connecting: "Connecting…", "Подключение…";
    live: "Live", "Обновляется";
    offline_page: "No connection, trying again…", "Нет связи, пробуем снова…";
    failed: "It did not work. Try again.", "Не получилось. Попробуйте ещё раз.";
    required_hint: "Fields marked * are required", "Поля со звёздочкой * обязательны";

    add_staff: "Add staff member", "Добавить сотрудника";
    edit_staff: "Staff member", "Сотрудник";
    staff_search: "Name, number, login or position", "Имя, номер, логин или должность";
    staff_none: "Nobody found.", "Никого не найдено.";
    surname: "Surname", "Фамилия";
    given_name: "Given name", "Имя";
    patronymic: "Patronymic", "Отчество";
    name: "Name", "Фамилия, имя и отчество";
    client_name: "Full name", "Ф. И. О.";
    phone: "Phone", "Телефон";
    email: "E-mail", "Почта";
    position: "Position", "Должность";
    work_place: "Works", "Работает";
    work_place_office: "In the office", "В офисе";
    work_place_remote: "Remotely", "Удалённо";
    supervisor: "Reports to", "Руководитель";
    successor: "To whom the people of this supervisor report from now on", "Кому теперь подчиняются сотрудники этого руководителя";
    short_number: "Short number", "Короткий номер";
    role: "Access", "Доступ";
    role_none: "No access", "Без доступа";
    access_until: "Access until", "Доступ до";
    access_until_hint: "Empty: for ever. From that moment on log-in, tokens and phones are refused", "Пусто — бессрочно. С этого момента вход, токены и телефоны не работают";
    access_ended: "Access has ended", "Доступ закончился";
    access_ended_hint: "Access has ended. A later moment, or none, gives it back", "Доступ закончился. Более поздний момент или пустое поле вернёт его";
    role_main: "Main account", "Главный аккаунт";
    role_admin: "Administrator", "Администратор";
    role_supervisor: "Supervisor", "Руководитель";
    role_receptionist: "Receptionist", "Секретарь";
    role_specialist: "Specialist", "Специалист";
    role_external: "External representative", "Внешний представитель";
    role_employee: "Employee", "Сотрудник";
    sip_status: "SIP", "SIP";
    sip_not_created: "Not created", "Не создан";
    sip_offline: "Disconnected", "Отключен";
    sip_online: "Online", "В сети";
    system_status: "Cabinet", "Кабинет";
    status_no_access: "No access", "Без доступа";
    status_online: "Online", "Онлайн";
    status_offline: "Offline", "Офлайн";
    status_deleted: "Deleted", "Удален";
    last_seen: "Last visit", "Входил";
    delete_staff: "Delete this staff member?", "Удалить сотрудника?";
    delete_staff_text: "The record stays in the history, but the person can no longer log in or make calls.",
        "Запись останется в истории, но войти и звонить сотрудник больше не сможет.";
    work: "Takes calls", "Приём звонков";
    working: "Working", "Работает";
    not_working: "Not working", "Не работает";
    scope_project: "Project", "Проект";
    scope_all: "All", "Все";
    scope: "Whose", "Чьи";
    tokens: "Tokens of programs", "Токены программ";
    token_end: "End", "Отозвать";
    token_end_ask: "End this token?", "Отозвать токен?";
    token_end_text: "The program that shows it is let in no more.", "Программа с этим токеном больше не войдёт.";
    token_used: "last used", "последнее обращение";
    token_unused: "never used", "не использовался";
    token_until: "until", "до";
    photo: "Photo", "Фотография";
    photo_hint: "JPEG, PNG or WebP, 8 MB at most", "JPEG, PNG или WebP, не больше 8 МБ";
    photo_remove: "Take the photo away", "Убрать фотографию";
    photo_kind: "This is no picture: JPEG, PNG or WebP is needed", "Это не картинка: нужен JPEG, PNG или WebP";
    photo_size: "The picture is too large", "Картинка слишком большая";
    error_own_number: "This is one of our own connected numbers", "Это один из подключённых номеров компании";
    phone_hint: "For calls by mobile: switch its voicemail, second line and forwarding off", "Для приёма на мобильный: отключите голосовую почту, вторую линию и переадресацию";
    hand_over: "Hand over the clients", "Передать клиентов";
    hand_over_text: "Open leads and deals go with the clients of this person that nobody else looks after:",
        "Открытые лиды и сделки передаются вместе с клиентами этого сотрудника, которых больше никто не ведёт:";
    hand_over_to: "To whom", "Кому";
    phone_setup: "Phone settings", "Настройка телефона";
    desk_phones: "Desk phones", "Телефонные аппараты";
    sip_clients: "Programs for computers and smartphones", "Программы для компьютера и смартфона";
    manual: "Manual", "Инструкция";
    password_once: "the password that was shown when it was made", "пароль, показанный при создании";
    by_link: "By itself:", "Автоматически:";
    by_link_text: "together with a new SIP password a link is made that the phone fetches its settings from, once and within an hour.",
        "вместе с новым паролем SIP создаётся ссылка, по которой телефон один раз в течение часа получит настройки сам.";
    sip_links: "The phone can fetch all this by itself: once, within an hour.",
        "Телефон может получить всё это сам: один раз, в течение часа.";
    sip_qr: "QR code for Linphone", "QR-код для Linphone";
    sip_link: "Link", "Ссылка";
    sip_model: "Phone or program", "Телефон или программа";
    phone_book: "Company phone book", "Записная книжка компании";
    phone_book_short: "Phone book", "Книжка";
    book_search: "Name or number", "Имя или номер";
    departments: "Departments", "Отделы";
    abc_number: "City number", "Городской номер";
    status: "Status", "Статус";
    client_of: "Clients of", "Клиенты сотрудника";
    displayed_number: "Displayed number", "Отображаемый номер";
    displayed_number_hint: "What those who are called see: one of the connected numbers", "Его видят те, кому звонят: один из подключённых номеров";
    own_emergency_number: "Number on emergency calls", "Номер при экстренных вызовах";
    own_emergency_number_hint: "Only for who sits elsewhere: a connected number of that place", "Только если сотрудник сидит в другом месте: подключённый номер этого места";
    show_number_on_system_calls: "Show it on calls from the system too", "Отображать номер при исходящих звонках из системы";
    hide_client_number: "Hide clients' numbers from this person", "Скрывать номер клиента от сотрудника";
    raise_card: "Show the caller's card on incoming calls", "Поднимать карточку контакта";
    card_open: "Open the client", "Открыть карточку";
    card_new: "Create a client", "Создать клиента";
    error_not_connected: "Only a connected number can be shown", "Можно указать только подключённый номер";
    sip_generate: "Generate SIP data", "Сгенерировать SIP данные";
    sip_renew: "New SIP password", "Новый пароль SIP";
    sip_generate_text: "A SIP account for a phone or a softphone will be made. Its password is shown once.",
        "Будут созданы данные для телефона или приложения. Пароль показывается один раз.";
    sip_renew_text: "The present password stops working: the phone must be set up again.",
        "Прежний пароль перестанет действовать: телефон придётся настроить заново.";
    sip_once: "Write the password down now: it is not shown again.",
        "Сохраните пароль сейчас: больше он показан не будет.";
    sip_server: "Server", "Сервер";
    sip_port: "Port", "Порт";
    sip_tls_port: "Port for TLS", "Порт для TLS";
    sip_user: "User", "Пользователь";
    sip_transport: "Transport", "Транспорт";

    first_page: "To the beginning", "В начало";
    add_client: "Add contact", "Добавить контакт";
    edit_client: "Contact", "Контрагент";
    export: "Save as a file", "Сохранить в файл";
    client_search: "Name, number or company", "Имя, номер или компания";
    clients_none: "No contacts found.", "Контакты не найдены.";
    clients_too_many: "Too many begin like this: type more.", "Так начинается слишком много: введите больше.";
    company: "Company", "Компания";
    manager: "Manager", "Менеджер";
    vip: "VIP client", "Vip-клиент";
    vip_mark: "VIP", "VIP";
    delete_client: "Delete this contact?", "Удалить контакт?";
    delete_client_text: "Past calls keep the number.", "В прошлых звонках номер сохранится.";

    sites: "Sites", "Сайты";
    site: "Site", "Сайт";
    sites_own: "Our sites", "Наши сайты";
    sites_none: "No site yet.", "Сайтов пока нет.";
    add_site: "Add site", "Добавить сайт";
    title: "Name", "Название";
    site_origins: "Addresses", "Адреса";
    one_a_line: "One a line", "По одному в строке";
    rung_first: "Who is called first", "Кому звонить сначала";
    hours: "Hours", "Часы работы";
    hours_of_receiver: "Those of whoever is called first", "Как у того, кому звонят сначала";
    forms_call: "Call those who fill in the order form, too", "Звонить и тем, кто оставил заявку";
    site_enabled: "Take requests", "Принимать заявки";
    site_on: "Takes requests", "Принимает";
    site_off: "Switched off", "Выключен";
    snippet: "Code for the site", "Код для сайта";
    snippet_text: "Paste this into the pages of the site", "Вставьте это в страницы сайта";
    delete_site: "Delete this site?", "Удалить сайт?";
    delete_site_text: "Its forms stop working. The requests stay.", "Формы перестанут работать. Заявки останутся.";
    requests: "Requests", "Заявки";
    requests_none: "No requests yet.", "Заявок пока нет.";
    order_for: "Order for", "Заказ на";
    request_new: "New", "Новая";
    request_called: "Called", "Поговорили";
    request_missed: "Missed", "Не дозвонились";
    request_done: "Done", "Готово";
    call_planned: "Call", "Звонок";
    call: "Call", "Позвонить";

    why: "Why?", "Почему?";
    calls_missed: "Missed calls", "Пропущенные";
    left_message: "Left a message", "Оставил сообщение";
    calling: "Your phone rings first", "Сначала зазвонит Ваш телефон";
    phone_offline: "No phone of yours can be rung", "Ваш телефон не подключён";

    calls_now: "In progress", "Сейчас идут";
    calls_none_now: "No calls at the moment.", "Сейчас никто не разговаривает.";
    calls_history: "History", "История вызовов";
    calls_none: "No calls found.", "Звонки не найдены.";
    nothing_so_far: "Nothing found so far. Looked through up to:", "Пока ничего не нашлось. Просмотрено до:";
    look_further: "Look further", "Искать дальше";
    call_search: "Number", "Номер";
    direction: "Direction", "Направление";
    internal: "Internal", "Внутренний";
    inbound: "Inbound", "Входящий";
    outbound: "Outbound", "Исходящий";
    caller: "From", "Кто";
    callee: "To", "Кому";
    when: "When", "Когда";
    talked: "Talked", "Разговор";
    result: "Result", "Итог";
    answered: "Answered", "Отвечен";
    busy: "Busy", "Занято";
    no_answer: "No answer", "Не ответили";
    abandoned: "Abandoned", "Не дождался";
    failed_call: "Failed", "Не удался";
    in_progress: "In progress", "Идёт";
    state: "State", "Состояние";
    ringing: "Ringing", "Вызов";
    waiting: "Waiting", "В очереди";
    talking: "Talking", "Разговор";
    held: "On hold", "На удержании";
    hang_up: "Hang up", "Завершить";
    hang_up_ask: "Hang up this call?", "Завершить этот звонок?";
    recording: "Recording", "Запись разговора";
    recorded: "Recorded", "С записью";
    recording_now: "Recording…", "Идёт запись";
    player: "Player", "Проигрыватель";
    play: "Play", "Прослушать";
    download: "Download", "Скачать";
    delete_recording: "Delete this recording?", "Удалить запись разговора?";
    delete_recording_text: "The audio is destroyed for good.", "Звук будет уничтожен навсегда.";
    recording_failed: "Not recorded", "Не записан";
    unknown: "Unknown", "Неизвестно";
    withheld: "Number hidden", "Номер скрыт";
    today: "Today", "Сегодня";
    yesterday: "Yesterday", "Вчера";

    not_found: "There is no such page", "Такой страницы нет";
    forbidden: "You have no right to see this page", "У вас нет права видеть эту страницу";
    to_start: "To the start", "На главную";

    error_required: "Fill this in", "Заполните это поле";
    error_invalid: "This is not right", "Здесь ошибка";
    error_number: "A telephone number is needed, as in +7 912 345-67-89", "Нужен номер телефона, например +7 912 345-67-89";
    error_short_number: "2 to 6 digits are needed", "Нужно от 2 до 6 цифр";
    error_login: "Latin letters, digits, dots and dashes", "Латинские буквы, цифры, точки и дефисы";
    error_email: "This is no e-mail address", "Это не адрес почты";
    error_circle: "This colleague reports to the person, directly or further up", "Этот сотрудник сам подчиняется ему, прямо или через других";
    error_past: "This must be in the future", "Нужен момент в будущем";
    error_password: "At least 8 characters", "Не короче 8 знаков";
    error_taken: "Somebody else has it already", "Уже занято";
    error_too_long: "Too long", "Слишком длинно";
    error_too_short: "Too short", "Слишком коротко";
    error_wrong_login: "The login or the password is wrong", "Неверный логин или пароль";
    error_code_required: "Now the code from your authenticator app", "Теперь введите код из приложения";
    error_wrong_code: "Not the code of this moment, or used already", "Код не подходит или уже использован";
    code: "Code", "Код";
    code_hint: "From the authenticator app; or a recovery code", "Из приложения-аутентификатора; или запасной код";
    own_settings: "My settings", "Мои настройки";
    error_too_many: "Too many attempts: wait a little", "Слишком много попыток: подождите немного";
    error_stale: "It was changed by somebody else meanwhile. Open it again.",
        "Запись тем временем изменили. Откройте её заново.";
    error_forbidden: "You have no right to do this", "У вас нет на это права";
    error_not_found: "It is no longer there", "Этого уже нет";
    error_in_use: "Something still needs it: change that first", "Этим ещё пользуются: сначала измените там";
    error_range: "From {min} to {max}", "От {min} до {max}";
    telephony: "Telephony", "Телефония";
    telephony_menu: "Parts of telephony", "Разделы телефонии";
    numbers: "Numbers", "Номера";
    lines: "Lines", "Линии";
    schedules: "Work schedules", "График работы";
    sounds: "Sounds", "Звуки";
    codes: "Feature codes", "Коды функций";
    audit: "Audit", "Журнал действий";
    history: "History of settings", "История настроек";
    settings: "Settings", "Настройки";
    help: "Help", "Справка";
    settings_menu: "Parts of the settings", "Разделы настроек";
    roles: "Roles and groups", "Роли и группы";
    projects: "Projects", "Проекты";
    import: "Import", "Загрузка из файлов";
    notices: "Notices", "Уведомления";
    webhooks: "Webhooks", "Вебхуки";
    security: "Blocked addresses", "Блокировки";
    outbox_waiting: "Waiting", "Ждёт";
    outbox_sending: "Being sent", "Отправляется";
    outbox_sent: "Delivered", "Доставлено";
    outbox_failed: "Not delivered", "Не доставлено";
    department: "Department", "Отдел";
    nobody: "Nobody", "Никому";
    menu_voice: "Menu", "Голосовое меню";
    mailbox: "Voicemail", "Голосовая почта";
    menus_voice: "Menus", "Голосовые меню";
    number_outside: "A number outside…", "Внешний номер…";
    which_number: "Which number", "Какой номер";
    add: "Add", "Добавить";
    up: "Further up", "Выше";
    down: "Further down", "Ниже";
    remove: "Remove", "Убрать";
    seconds_unit: "s", "с";
    more_settings: "More", "Дополнительно";
}
}

/// The first of our languages that the reader asks for; English otherwise.
pub(super) fn chosen(headers: &HeaderMap) -> &'static Messages {
    match Language::wanted(headers) {
        Language::English => Messages::ENGLISH,
        Language::Russian => Messages::RUSSIAN,
    }
}
