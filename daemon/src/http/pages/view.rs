//! What the templates are given: only words and numbers, ready to be shown.

use askama::Template;

use super::forwarding::ForwardingPart;
use super::mailbox::MailboxPart;
use super::messages::Messages;
use super::timeline::TimelinePart;

/// What stands around every page.
pub(super) struct Frame {
    pub(super) t: &'static Messages,
    pub(super) csrf: String,
    pub(super) user: String,
    pub(super) account: String,
    pub(super) active: &'static str,
    /// The page's module.
    pub(super) script: &'static str,
    /// JSON: the words that scripts show.
    pub(super) texts: String,
    /// The newest event that the page shows already.
    pub(super) since: u64,
    /// The server's clock, unix milliseconds.
    pub(super) now: i64,
    pub(super) may: May,
    /// Messages that the reader has not heard; `None`: the reader has no mailbox.
    pub(super) messages: Option<i64>,
    /// The pages of telephony that the reader may see.
    pub(super) telephony: Vec<Link>,
    /// Those of settings.
    pub(super) settings: Vec<Link>,
    /// Those of the help.
    pub(super) help: Vec<Link>,
}

impl Frame {
    /// The name of the group that the page is one of, and its other pages.
    pub(super) fn parts(&self) -> Option<(&'static str, &[Link])> {
        match self.active {
            "telephony" => Some((self.t.telephony_menu, &self.telephony)),
            "settings" => Some((self.t.settings_menu, &self.settings)),
            "help" => Some((self.t.help, &self.help)),
            _ => None,
        }
    }
}

/// An entry of a menu.
pub(super) struct Link {
    pub(super) href: &'static str,
    pub(super) text: &'static str,
    pub(super) current: bool,
}

/// Those that are shown: address, text, and whether the reader sees it.
pub(super) fn links(all: &[(&'static str, &'static str, bool)]) -> Vec<Link> {
    let shown = all.iter().filter(|(_, _, shown)| *shown);
    let link = |(href, text, _): &(&'static str, &'static str, bool)| Link {
        href,
        text,
        current: false,
    };
    shown.map(link).collect()
}

/// Which sections the reader sees.
#[derive(Clone, Copy)]
pub(super) struct May {
    pub(super) calls: bool,
    pub(super) staff: bool,
    pub(super) clients: bool,
    pub(super) deals: bool,
    pub(super) departments: bool,
    /// Numbers too.
    pub(super) lines: bool,
    /// Not a section: buttons that call somebody, on any page.
    pub(super) make_calls: bool,
    pub(super) audit: bool,
    pub(super) settings: bool,
    pub(super) roles: bool,
    pub(super) import: bool,
}

#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct LoginPage {
    pub(super) t: &'static Messages,
    pub(super) texts: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
pub(super) struct ProblemPage {
    pub(super) t: &'static Messages,
    pub(super) text: &'static str,
}

/// Links to the parts of a list before and after this one.
#[derive(Default)]
pub(super) struct Pages {
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    pub(super) from: u64,
    pub(super) to: u64,
}

#[derive(Template)]
#[template(path = "staff.html")]
pub(super) struct StaffPage {
    pub(super) frame: Frame,
    pub(super) rows: Vec<StaffRow>,
    pub(super) search: String,
    pub(super) count: u64,
    pub(super) pages: Pages,
    pub(super) may_write: bool,
    pub(super) may_sip: bool,
    /// Name or id, and how it is called.
    pub(super) roles: Vec<(String, String)>,
    /// Address, text, and whether it is the one that is shown.
    pub(super) scopes: Vec<(String, &'static str, bool)>,
    pub(super) all: bool,
    /// Everybody who works here, to be chosen: id and name.
    pub(super) managers: Vec<(String, String)>,
    pub(super) may_hand_over: bool,
    /// Format and address.
    pub(super) exports: Vec<(&'static str, String)>,
    /// The page of the same people's hours.
    pub(super) hours: String,
    /// The account's number, before each login.
    pub(super) login_prefix: String,
    pub(super) mailbox: Option<MailboxPart>,
    pub(super) forwarding: ForwardingPart,
    /// Field of the API's answer and its label.
    pub(super) sip_facts: Vec<(&'static str, &'static str)>,
}

pub(super) struct StaffRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) main: bool,
    pub(super) deleted: bool,
    pub(super) position: String,
    pub(super) remote: bool,
    /// The name of whom they report to.
    pub(super) supervisor: String,
    pub(super) short_number: String,
    pub(super) phone: String,
    pub(super) login: String,
    pub(super) sip_status: &'static str,
    pub(super) sip_text: &'static str,
    pub(super) system_status: &'static str,
    pub(super) system_text: &'static str,
    /// Until when there is or was access; empty when it is for ever.
    pub(super) access: String,
    pub(super) access_ended: bool,
    /// Where the small photo is.
    pub(super) photo: Option<String>,
    pub(super) initials: String,
    pub(super) receiving: bool,
    pub(super) work_status: &'static str,
    pub(super) work_text: &'static str,
    pub(super) last_seen: String,
}

#[derive(Template)]
#[template(path = "clients.html")]
pub(super) struct ClientsPage {
    pub(super) frame: Frame,
    pub(super) rows: Vec<ClientRow>,
    pub(super) search: String,
    pub(super) count: u64,
    /// Than `count` says.
    pub(super) more: bool,
    pub(super) pages: Pages,
    pub(super) may_write: bool,
    /// Where the list is a file, for who may take it: what kind of one, and its address.
    pub(super) exports: Vec<(&'static str, String)>,
    pub(super) may_delete: bool,
    /// Columns by which the list may be ordered.
    pub(super) orders: Vec<SortLink>,
    /// Kept through a search: name and value.
    pub(super) kept: Vec<(&'static str, String)>,
    /// Whose clients are shown alone.
    pub(super) client_of: Option<String>,
    /// Id and name.
    pub(super) managers: Vec<(String, String)>,
    pub(super) timeline: TimelinePart,
}

/// The head of a column that orders a list.
pub(super) struct SortLink {
    pub(super) text: &'static str,
    /// `None`: not by this one.
    pub(super) href: Option<String>,
    /// As `aria-sort` wants it.
    pub(super) sorted: Option<&'static str>,
}

pub(super) struct ClientRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) vip: bool,
    pub(super) number: String,
    pub(super) company: String,
    pub(super) position: String,
    pub(super) manager: String,
}

#[derive(Template)]
#[template(path = "sites.html")]
pub(super) struct SitesPage {
    pub(super) frame: Frame,
    pub(super) sites: Vec<SiteRow>,
    pub(super) requests: Vec<RequestRow>,
    /// The page does not begin with the newest.
    pub(super) newest: bool,
    pub(super) older: Option<String>,
    pub(super) may_read: bool,
    pub(super) may_write: bool,
    pub(super) may_serve: bool,
    pub(super) may_call: bool,
    /// Id and name, as the two that follow.
    pub(super) staff: Vec<(String, String)>,
    pub(super) departments: Vec<(String, String)>,
    pub(super) schedules: Vec<(String, String)>,
}

pub(super) struct SiteRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) origins: String,
    pub(super) to: String,
    pub(super) enabled: bool,
}

pub(super) struct RequestRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) site: String,
    pub(super) subject: String,
    pub(super) comment: String,
    pub(super) when: String,
    pub(super) created_at: String,
    /// Empty when no call is planned.
    pub(super) call_at: String,
    pub(super) state: &'static str,
    pub(super) state_text: &'static str,
    /// Something is left to do.
    pub(super) open: bool,
    /// Its client is there.
    pub(super) known: bool,
}

#[derive(Template)]
#[template(path = "calls.html")]
pub(super) struct CallsPage {
    pub(super) frame: Frame,
    pub(super) live: Vec<LiveRow>,
    /// Whose callers nobody has talked to since.
    pub(super) missed: Vec<CallRow>,
    pub(super) may_call: bool,
    pub(super) history: Vec<CallRow>,
    pub(super) filter: Filter,
    /// How far the page has looked, where there is more to look through.
    pub(super) looked: Option<String>,
    pub(super) newest: Option<String>,
    pub(super) older: Option<String>,
    pub(super) may_hang_up: bool,
    pub(super) may_play: bool,
    pub(super) may_download: bool,
    pub(super) may_delete: bool,
    /// Where the list is a file, for who may take it: what kind of one, and its address.
    pub(super) exports: Vec<(&'static str, String)>,
}

pub(super) struct Side {
    pub(super) name: String,
    /// Empty when the name is the number.
    pub(super) number: String,
}

pub(super) struct LiveRow {
    pub(super) id: String,
    pub(super) caller: Side,
    pub(super) callee: Side,
    pub(super) direction: &'static str,
    pub(super) direction_text: &'static str,
    pub(super) state: &'static str,
    pub(super) state_text: &'static str,
    /// Unix milliseconds of the answer, or nothing.
    pub(super) from_ms: String,
    pub(super) elapsed: String,
    pub(super) recording: bool,
}

pub(super) struct CallRow {
    pub(super) id: String,
    pub(super) caller: Side,
    pub(super) callee: Side,
    /// By somebody who wants to call back.
    pub(super) callable: bool,
    pub(super) direction: &'static str,
    pub(super) direction_text: &'static str,
    pub(super) started_at: String,
    pub(super) when: String,
    pub(super) result: &'static str,
    pub(super) result_text: &'static str,
    pub(super) talked: String,
    pub(super) recording: Option<String>,
    pub(super) recording_failed: bool,
}

pub(super) struct Filter {
    pub(super) number: String,
    pub(super) directions: Vec<Choice>,
    pub(super) results: Vec<Choice>,
    pub(super) recorded: bool,
    pub(super) used: bool,
}

pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) text: &'static str,
    pub(super) chosen: bool,
}
