//! Rights in people's words, in the order in which they are looked for.

use frontdesk_crm_core::access::{Reach, Right, Rights, Role};

use super::super::messages::{Messages, words};

words! {
    /// What rights are called.
    RightWords {
        staff: "Staff", "Сотрудники";
        clients: "Clients", "Клиенты";
        leads: "Leads and deals", "Лиды и сделки";
        calls: "Calls", "Звонки";
        recordings: "Recordings", "Записи разговоров";
        telephony: "Telephony", "Телефония";
        company: "Company", "Компания";
        staff_read: "See people and groups", "Видеть сотрудников и группы";
        staff_write: "Change people and schedules", "Изменять сотрудников и графики";
        schedules_read: "See schedules", "Видеть графики";
        sip_write: "Give out SIP data", "Выдавать данные SIP";
        roles_write: "Change roles and groups, give access", "Изменять роли и группы, давать доступ";
        tokens_write: "Make keys for programs", "Выпускать ключи для программ";
        clients_read: "See clients", "Видеть клиентов";
        clients_write: "Change clients", "Изменять клиентов";
        clients_erase: "Erase a client's personal data", "Стирать личные данные клиента";
        numbers_reveal: "Have a hidden number shown", "Открывать скрытые номера";
        data_delete: "Delete clients, leads and deals", "Удалять клиентов, лиды и сделки";
        data_hand_over: "Hand clients, leads and deals over", "Передавать клиентов, лиды и сделки другим";
        data_import: "Load data from files", "Загружать данные из файлов";
        data_export: "Save data as files", "Выгружать данные в файлы";
        deals_read: "See leads and deals", "Видеть лиды и сделки";
        deals_write: "Change leads and deals", "Изменять лиды и сделки";
        leads_see_new: "See new leads while own ones are overdue", "Видеть новые лиды, пока есть необработанные";
        leads_omit_reason: "Move a step without a reason", "Переносить шаг без причины";
        calls_read: "See calls", "Видеть звонки";
        calls_hang_up: "Hang calls up", "Завершать звонки";
        calls_make: "Make calls from the pages", "Звонить из системы";
        recordings_list: "See recordings", "Видеть записи";
        recordings_play: "Listen to recordings", "Слушать записи";
        recordings_download: "Save recordings", "Скачивать записи";
        recordings_delete: "Delete recordings", "Удалять записи";
        departments_read: "See departments", "Видеть отделы";
        departments_write: "Change departments", "Изменять отделы";
        trunks_read: "See numbers and lines", "Видеть номера и линии";
        trunks_write: "Change numbers and lines", "Изменять номера и линии";
        settings_read: "See the settings", "Видеть настройки";
        settings_write: "Change the settings", "Изменять настройки";
        audit_read: "Read the audit", "Читать журнал действий";
        own: "own", "свои";
        department: "the department's", "своего отдела";
        project: "the project's", "проекта";
        any: "all", "все";
    }
}

/// A part of the rights.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) rights: Vec<RightRow>,
}

pub(super) struct RightRow {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// It may be given for less than the whole company.
    pub(super) narrows: bool,
}

/// Each right once.
pub(super) fn sections(w: &RightWords) -> Vec<Section> {
    let parts = [
        w.staff,
        w.clients,
        w.leads,
        w.calls,
        w.recordings,
        w.telephony,
        w.company,
    ];
    let rights = |part: &'static str| {
        let of_it = Right::ALL.iter().filter(|right| told(**right, w).0 == part);
        let row = |right: &Right| RightRow {
            name: right.name(),
            text: told(*right, w).1,
            narrows: right.narrows(),
        };
        of_it.map(row).collect::<Vec<_>>()
    };
    let section = |name| Section {
        name,
        rights: rights(name),
    };
    parts.into_iter().map(section).collect()
}

/// What a role allows: a line for each part, with how far a right reaches where it could reach less.
pub(super) fn lines(rights: &Rights, w: &RightWords) -> Vec<(&'static str, String)> {
    let line = |section: Section| {
        let held = section.rights.iter().filter_map(|row| {
            let reach = Right::named(row.name).and_then(|right| rights.reach(right))?;
            Some(match row.narrows {
                true => format!("{} ({})", row.text, far(reach, w)),
                false => row.text.to_owned(),
            })
        });
        (section.name, held.collect::<Vec<_>>().join("; "))
    };
    let all = sections(w).into_iter().map(line);
    all.filter(|(_, held)| !held.is_empty()).collect()
}

/// How far a right may reach: names of the API and words.
pub(super) fn reaches(w: &RightWords) -> Vec<(&'static str, &'static str)> {
    Reach::ALL.iter().map(|reach| (reach.name(), far(*reach, w))).collect()
}

/// What a role that is built in is called; `None`: it is the account's own.
pub(in crate::http::pages) fn called(role: Role, t: &Messages) -> Option<&'static str> {
    match role {
        Role::Main => Some(t.role_main),
        Role::Admin => Some(t.role_admin),
        Role::Supervisor => Some(t.role_supervisor),
        Role::Receptionist => Some(t.role_receptionist),
        Role::Employee => Some(t.role_employee),
        Role::Specialist => Some(t.role_specialist),
        Role::External => Some(t.role_external),
        Role::Own(_) => None,
    }
}

fn far(reach: Reach, w: &RightWords) -> &'static str {
    match reach {
        Reach::Own => w.own,
        Reach::Department => w.department,
        Reach::Project => w.project,
        Reach::Any => w.any,
    }
}

fn told(right: Right, w: &RightWords) -> (&'static str, &'static str) {
    match right {
        Right::StaffRead => (w.staff, w.staff_read),
        Right::StaffWrite => (w.staff, w.staff_write),
        Right::SchedulesRead => (w.staff, w.schedules_read),
        Right::SipWrite => (w.staff, w.sip_write),
        Right::RolesWrite => (w.staff, w.roles_write),
        Right::TokensWrite => (w.company, w.tokens_write),
        Right::ClientsRead => (w.clients, w.clients_read),
        Right::ClientsWrite => (w.clients, w.clients_write),
        Right::ClientsErase => (w.clients, w.clients_erase),
        Right::NumbersReveal => (w.clients, w.numbers_reveal),
        Right::DataDelete => (w.clients, w.data_delete),
        Right::DataHandOver => (w.clients, w.data_hand_over),
        Right::DataImport => (w.company, w.data_import),
        Right::DataExport => (w.company, w.data_export),
        Right::DealsRead => (w.leads, w.deals_read),
        Right::DealsWrite => (w.leads, w.deals_write),
        Right::LeadsSeeNew => (w.leads, w.leads_see_new),
        Right::LeadsOmitReason => (w.leads, w.leads_omit_reason),
        Right::CallsRead => (w.calls, w.calls_read),
        Right::CallsHangUp => (w.calls, w.calls_hang_up),
        Right::CallsMake => (w.calls, w.calls_make),
        Right::RecordingsList => (w.recordings, w.recordings_list),
        Right::RecordingsPlay => (w.recordings, w.recordings_play),
        Right::RecordingsDownload => (w.recordings, w.recordings_download),
        Right::RecordingsDelete => (w.recordings, w.recordings_delete),
        Right::DepartmentsRead => (w.telephony, w.departments_read),
        Right::DepartmentsWrite => (w.telephony, w.departments_write),
        Right::TrunksRead => (w.telephony, w.trunks_read),
        Right::TrunksWrite => (w.telephony, w.trunks_write),
        Right::SettingsRead => (w.company, w.settings_read),
        Right::SettingsWrite => (w.company, w.settings_write),
        Right::AuditRead => (w.company, w.audit_read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_named_once_and_by_itself() {
        for w in [RightWords::ENGLISH, RightWords::RUSSIAN] {
            let rows: Vec<RightRow> = sections(w).into_iter().flat_map(|section| section.rights).collect();
            let texts: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.text).collect();
            assert_eq!((rows.len(), texts.len()), (Right::ALL.len(), Right::ALL.len()));
        }
    }

    #[test]
    fn what_could_reach_less_says_how_far_it_reaches() {
        let rights: Rights = [(Right::CallsRead, Reach::Department), (Right::StaffRead, Reach::Any)]
            .into_iter()
            .collect();
        let told = lines(&rights, RightWords::ENGLISH);
        let expected = [
            ("Staff", "See people and groups".to_owned()),
            ("Calls", "See calls (the department's)".to_owned()),
        ];
        assert_eq!(told, expected);
    }
}
