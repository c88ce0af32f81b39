//! The words of the page of leads and deals.

use super::super::messages::words;

words! {
    /// The page of leads and deals.
    DealWords {
        title: "Leads and deals", "Лиды и сделки";
        add: "Add", "Добавить";
        add_title: "New lead or deal", "Новый лид или сделка";
        edit_title: "Lead or deal", "Лид или сделка";
        of_client: "Of the client", "Клиент";
        lead: "Lead", "Лид";
        deal: "Deal", "Сделка";
        leads: "Leads", "Лиды";
        deals: "Deals", "Сделки";
        all_kinds: "Leads and deals", "Лиды и сделки";
        open: "Open", "Открытые";
        planned: "By date", "По дате";
        overdue_ones: "Overdue", "Просроченные";
        no_step: "Without a next step", "Без следующего шага";
        closed: "Closed", "Закрытые";
        which: "Which", "Какие";
        anybody: "Everybody's", "Всех сотрудников";
        filter: "Show", "Показать";
        none: "There are none.", "Здесь пока пусто.";
        name: "Title", "Название";
        kind: "Kind", "Вид";
        client: "Client", "Клиент";
        client_search: "Name or phone of the client", "Имя или телефон клиента";
        client_nobody: "Nobody found", "Никого не найдено";
        stage: "Stage", "Этап";
        stage_new: "New", "Новый";
        stage_in_work: "In work", "В работе";
        stage_won: "Won", "Успех";
        stage_lost: "Lost", "Отказ";
        step: "Next step", "Следующий шаг";
        step_at: "Date of the step", "Дата шага";
        step_text: "What is to be done", "Что сделать";
        step_none: "No next step", "Нет следующего шага";
        overdue: "Overdue", "Просрочено";
        reason: "Why is the date moved?", "Причина смены даты шага";
        reason_required: "Say why the date is moved", "Укажите причину смены даты";
        step_required: "Say when it is to be done", "Укажите дату шага";
        step_closed: "What is closed has no next step", "У закрытой сделки нет следующего шага";
        owner: "Responsible", "Ответственный";
        nobody: "Nobody yet", "Пока никто";
        by_reception: "Whoever takes such in the project", "По приёму в проекте";
        hand_over: "Hand over", "Передать";
        hand_over_to: "To whom", "Кому";
        chosen: "Chosen", "Выбрано";
        choose: "Choose", "Выбрать";
        handed_over: "Handed over", "Передано";
        delete_deal: "Delete this lead or deal?", "Удалить лид или сделку?";
        history: "History", "История";
        what_created: "Added", "Добавлено";
        what_kind: "Kind", "Вид";
        what_stage: "Stage", "Этап";
        what_step: "Step", "Шаг";
        what_owner: "Responsible", "Ответственный";
    }
}
