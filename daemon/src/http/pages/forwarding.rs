//! Where somebody's calls go: a dialog on the page of staff, and a form among one's own settings.

use frontdesk_routing::number::ShortNumber;

use super::Reader;
use super::messages::{Messages, in_language_of, words};
use crate::http::State;
use crate::http::auth::Right;

words! {
    /// What they say.
    ForwardingWords {
        title: "Forwarding", "Переадресация";
        lead: "Feature codes change the same settings by phone.", "То же самое можно сделать с телефона кодами функций.";
        dnd: "Do not disturb", "Не беспокоить";
        dnd_hint: "Calls go where those while busy go; if nowhere, they are refused.", "Звонки идут туда же, куда и при занятости; если никуда — отклоняются.";
        always: "All calls", "Все звонки";
        busy: "While busy", "Если занято";
        no_answer: "When not answered", "Если нет ответа";
        after: "After", "Через";
        offline: "While no phone is online", "Если телефон не в сети";
        nowhere: "Nowhere", "Никуда";
        voicemail: "Own voicemail", "Своя голосовая почта";
        other: "Another number…", "Другой номер…";
        number: "To which number", "На какой номер";
        menus: "Menus", "Меню";
        error_number: "A short number or a telephone number is needed; not one's own", "Нужен короткий или обычный номер, но не свой";
        error_unknown: "Nobody has this short number", "Такого короткого номера нет";
        saved: "Saved", "Сохранено";
    }
}

/// What the dialog and the form need.
pub(super) struct ForwardingPart {
    pub(super) w: &'static ForwardingWords,
    /// What groups of short numbers are called, each with its numbers and whose they are.
    pub(super) groups: Vec<(&'static str, Vec<(String, String)>)>,
    /// Condition of the API and its label.
    pub(super) conditions: [(&'static str, &'static str); 4],
}

impl ForwardingPart {
    /// With the short numbers that the reader may see.
    pub(super) fn of(state: &State, reader: &Reader) -> ForwardingPart {
        let w = in_language_of!(reader.t, ForwardingWords);
        ForwardingPart {
            w,
            groups: match reader.access.may(Right::StaffRead) {
                true => groups(state, reader, w),
                false => Vec::new(),
            },
            conditions: [
                ("always", w.always),
                ("busy", w.busy),
                ("no_answer", w.no_answer),
                ("offline", w.offline),
            ],
        }
    }
}

fn groups(state: &State, reader: &Reader, w: &ForwardingWords) -> Vec<(&'static str, Vec<(String, String)>)> {
    let (plan, account, t): (_, _, &Messages) = (state.live.plan(), reader.access.account, reader.t);
    let called = |short: ShortNumber, name: &str| (short.to_string(), format!("{short} {name}"));
    let people = plan.staff.staff().iter().filter(|of| of.account == account);
    let people = people.filter_map(|of| Some(called(of.short_number?, &of.name)));
    let departments = plan.departments.iter().filter(|of| of.account == account);
    let departments = departments.map(|of| called(of.short_number, &of.name));
    let menus = plan.menus.iter().filter(|of| of.account == account);
    let menus = menus.filter_map(|of| Some(called(of.short_number?, &of.name)));
    let mut groups = vec![
        (t.departments, departments.collect::<Vec<_>>()),
        (w.menus, menus.collect()),
        (t.staff, people.collect()),
    ];
    groups.retain(|(_, all)| !all.is_empty());
    groups.iter_mut().for_each(|(_, all)| all.sort());
    groups
}
