//! What the help says. In braces: codes of features by their names, and facts of the account and the reader.

use super::super::messages::words;

words! {
    /// The pages of the help.
    HelpWords {
        phone: "Set up a phone", "Подключить телефон";
        calls: "Take and pass on calls", "Принять и передать звонок";
        away: "When you are away", "Когда вас нет";
        hidden: "Hidden numbers", "Скрытые номера";
        all_codes: "All feature codes", "Все коды функций";
        my_phone: "My phone, step by step", "Мой телефон: пошагово";
        useful: "Was this page useful?", "Была ли эта страница полезной?";
        yes: "Yes", "Да";
        no: "No", "Нет";
        thanks: "Thank you!", "Спасибо!";
        counted_yes: "useful", "полезна";
        counted_no: "not useful", "не помогла";
        ask: "Still stuck? Ask your administrator", "Не помогло? Обратитесь к администратору";
        write: "Write", "Отправить запрос";
        subject: "Frontdesk: a question about", "Frontdesk: вопрос по теме";
        dial: "dial", "наберите";

        phone_lead: "A desk phone, or a program on your computer or smartphone: each works.", "Подойдёт настольный телефон или программа на компьютере либо смартфоне.";
        need: "What you need", "Что понадобится";
        need_1: "SIP data: server, user and password. An administrator makes them at your row of the staff list; the password is shown once.",
            "Данные SIP: сервер, пользователь и пароль. Администратор создаёт их в вашей строке списка сотрудников; пароль показывается один раз.";
        need_2: "A password that is lost cannot be looked up: ask for a new one.", "Потерянный пароль посмотреть нельзя — попросите новый.";
        program: "On a computer or a smartphone", "На компьютере или смартфоне";
        program_1: "Install Linphone, Zoiper or MicroSIP.", "Установите Linphone, Zoiper или MicroSIP.";
        program_2: "If the administrator has shown you a QR code, scan it with Linphone: everything is filled in by itself. The code works once, within an hour.",
            "Если администратор показал QR-код, отсканируйте его в Linphone: всё заполнится само. Код действует один раз, в течение часа.";
        program_3: "Otherwise add a SIP account by hand: server, user, password.", "Иначе добавьте учётную запись SIP вручную: сервер, пользователь, пароль.";
        program_4: "Allow notifications and the microphone, else calls cannot reach you.", "Разрешите уведомления и микрофон, иначе звонки не дойдут.";
        desk: "A desk phone", "Настольный телефон";
        desk_1: "Open the phone's own page in a browser: its address stands in the phone's menu, under Status or Network.", "Откройте страницу телефона в браузере: её адрес есть в меню аппарата, в разделе «Статус» или «Сеть».";
        desk_2: "Enter server, port, user and password for the first account and save.", "Введите для первого аккаунта сервер, порт, пользователя и пароль и сохраните.";
        test: "See whether it works", "Проверьте";
        test_1: "The staff list shows “Online” under SIP at your row.", "В списке сотрудников в вашей строке под SIP стоит «В сети».";
        test_2: "Dial {echo}: you hear yourself.", "Наберите {echo}: вы услышите себя.";
        test_3: "Dial {say_number}: your short number is spoken.", "Наберите {say_number}: прозвучит ваш короткий номер.";
        wrong: "If it does not", "Если не получилось";
        wrong_1: "“Disconnected”: check user and password letter by letter. After several wrong passwords your address is blocked for a while; wait, or have an administrator lift the block.",
            "«Отключен»: сверьте пользователя и пароль буква в букву. После нескольких неверных паролей ваш адрес на время блокируется — подождите или попросите администратора снять блокировку.";
        wrong_2: "One side hears nothing: switch “SIP ALG” off in your router.", "Слышно только одну сторону: отключите «SIP ALG» в роутере.";

        calls_lead: "Colleagues are dialled by their short numbers, everybody else as from any phone. Emergency numbers always work.", "Коллег набирайте по коротким номерам, остальных — как с обычного телефона. Экстренные номера работают всегда.";
        pass: "Pass a call on", "Передать звонок";
        pass_1: "At once: press Transfer, dial the colleague's short number, hang up.", "Сразу: нажмите Transfer, наберите короткий номер коллеги, положите трубку.";
        pass_2: "After a word with the colleague: press Transfer, dial, speak, press Transfer again.", "Предупредив: нажмите Transfer, наберите коллегу, поговорите и нажмите Transfer ещё раз.";
        pass_3: "If nobody answers the call comes back to you.", "Если коллега не ответит, звонок вернётся к вам.";
        park: "Park a call, so that anybody can take it", "Поставить на парковку, чтобы забрал кто угодно";
        park_1: "Transfer it to {park}; the place is shown or spoken.", "Переведите его на {park}: будет назван номер места.";
        park_2: "To take it, dial the number of the place ({slots}).", "Чтобы забрать, наберите номер места ({slots}).";
        pickup: "Take a call that rings at a colleague's", "Перехватить звонок коллеги";
        pickup_1: "The one that has rung longest: dial {pickup_any}.", "Который ждёт дольше всех: наберите {pickup_any}.";
        pickup_2: "A certain colleague's: dial {pickup_person} and the short number.", "Определённого коллеги: {pickup_person} и короткий номер.";
        pages: "With these pages", "Из системы";
        pages_1: "“Call” beside a client or a missed call rings your own phone first, then the client.", "«Позвонить» у клиента или пропущенного звонка: сначала зазвонит ваш телефон, потом — клиенту.";
        pages_2: "Missed calls stay listed until somebody has talked to the caller.", "Пропущенные остаются в списке, пока с человеком кто-нибудь не поговорит.";
        pages_3: "“Why?” beside a call tells why it went to whom it did.", "«Почему?» у звонка объяснит, почему он попал именно туда.";

        away_lead: "So that no caller rings at an empty desk.", "Чтобы клиенты не звонили в пустоту.";
        pause: "For a while", "На время";
        pause_1: "Do not disturb: dial {dnd_on}; no more: {dnd_off}.", "Не беспокоить: наберите {dnd_on}; снова принимать звонки: {dnd_off}.";
        pause_2: "Or one code for both: {dnd_toggle}.", "Или один код на оба случая: {dnd_toggle}.";
        forward: "To another phone", "На другой телефон";
        forward_1: "All calls: {forward_always} and the number; no more: {forward_always_off}.", "Все звонки: {forward_always} и номер; отменить: {forward_always_off}.";
        forward_2: "While you are talking: {forward_busy} and the number; no more: {forward_busy_off}.", "Пока вы говорите: {forward_busy} и номер; отменить: {forward_busy_off}.";
        forward_3: "Those that you do not answer: {forward_no_answer} and the number; no more: {forward_no_answer_off}.", "Если не отвечаете: {forward_no_answer} и номер; отменить: {forward_no_answer_off}.";
        forward_4: "While your phone is off: {forward_offline} and the number; no more: {forward_offline_off}.", "Пока телефон выключен: {forward_offline} и номер; отменить: {forward_offline_off}.";
        tones: "Two rising notes: it is on now. Two falling notes: it is off.", "Два восходящих тона — включено, два нисходящих — выключено.";
        silent: "No calls reach you?", "Звонки не доходят?";
        silent_1: "Your phone is online, and not on do not disturb.", "Телефон в сети и не в режиме «не беспокоить».";
        silent_2: "“Takes calls” is switched on at your row of the staff list.", "В списке сотрудников у вас включён «Приём звонков».";
        silent_3: "It is within your working hours (Telephony, Work schedules).", "Сейчас ваше рабочее время (Телефония → График работы).";
        silent_4: "You are a member of the department that is called.", "Вы входите в отдел, в который звонят.";
        silent_5: "Colleagues who dial you directly reach you outside your hours too.", "Коллеги, набравшие вас напрямую, дозвонятся и вне графика.";

        hidden_lead: "A company may hide its clients' numbers from some of its people. That is a setting, not a fault.", "Компания может скрывать номера клиентов от части сотрудников. Это настройка, а не сбой.";
        see: "What you see", "Что вы видите";
        see_1: "In the place of the number: {stub}, on the phone and on the pages.", "Вместо номера — {stub}, и на телефоне, и в системе.";
        see_2: "The client's name, or a token as in “Client A7F3” for somebody who is not in the book.", "Имя клиента, а для незнакомых — обозначение вида «Клиент A7F3».";
        see_3: "Colleagues from whom nothing is hidden see the number of the same call.", "Коллеги без такого ограничения видят номер того же звонка.";
        back: "Call back all the same", "Перезвонить можно и так";
        back_1: "“Call” beside the client or the call.", "Кнопкой «Позвонить» у клиента или звонка.";
        back_2: "Or dial {stub}: your last client is called. Where the company has switched that off you are told so.", "Или наберите {stub}: позвоните последнему клиенту, если компания этого не отключила.";
        need_number: "If you need the number itself", "Если нужен сам номер";
        need_number_1: "Ask somebody who may have it shown: each time stands in the audit.", "Попросите того, кто вправе его открыть: каждый раз это попадает в журнал.";
        anonymous: "“Number hidden” is something else", "«Номер скрыт» — это другое";
        anonymous_1: "The caller withholds the number from everybody; where the provider tells it all the same, it is kept, and only who may have hidden numbers shown can ask for it.", "Звонящий сам скрыл номер ото всех. Если оператор его всё же сообщил, номер сохранён, но узнать его может лишь тот, кому разрешено открывать скрытые номера.";
    }
}
