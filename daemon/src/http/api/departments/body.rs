//! A department as the API speaks of it.

use frontdesk_crm_core::departments::{
    AnnouncePatch, Department, DepartmentPatch, MemberPatch, QueuePatch, WhisperPatch, join_name, strategy_name,
};
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_routing::queue::{QueueSettings, VipRule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::destinations::{DestinationBody, DestinationView};
use crate::http::error::ApiError;
use crate::http::extract::given;

/// A department and its line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DepartmentView {
    id: String,
    name: String,
    short_number: String,
    /// By their place.
    members: Vec<MemberView>,
    queue: QueueView,
    /// Where calls go that the line does not take, or that have waited in it too long.
    overflow: Option<DestinationView>,
    announce: AnnounceView,
    whisper: WhisperView,
    version: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct MemberView {
    staff_id: String,
    /// For the strategy `linear`: lower ones ring first.
    penalty: u16,
    /// Settles what the strategy leaves open: lower ones ring first.
    place: u16,
    /// Calls of any kind in which the member gets no further one.
    calls_at_once: u16,
}

/// How callers wait and who of the free members rings. Times are seconds.
#[derive(Debug, Serialize, ToSchema)]
struct QueueView {
    /// `ring_all`, `longest_idle`, `fewest_calls`, `round_robin`, `linear` or `random`.
    strategy: &'static str,
    /// How long one offer rings.
    ring_time_s: u64,
    /// Rest of a member after a call.
    wrap_up_s: u64,
    /// Rest of a member who let a call ring out.
    pause_after_missed_s: u64,
    /// Rest of a member after any offer that came to nothing.
    retry_s: u64,
    /// Most calls in the line; `null`: no limit.
    capacity: Option<u32>,
    /// Who has waited so long goes on to the overflow; `null`: they wait for ever.
    longest_wait_s: Option<u64>,
    /// `always`, `somebody_works` or `somebody_free`: who may join a line that nobody serves.
    join_when_empty: &'static str,
    /// Who waits goes on to the overflow once nobody can be reached for so long; `null`: they stay.
    leave_when_empty_s: Option<u64>,
    /// `strict`: VIPs first; `head_start`: a VIP counts as having come `vip_lead_s` earlier; `ignore`.
    vip: &'static str,
    vip_lead_s: Option<u64>,
    /// For `strict`: a caller is overtaken only by VIPs who come at most so long after; `null`: by all of them.
    overtaken_at_most_s: Option<u64>,
    /// Among departments that share members the higher one is served first.
    priority: u16,
    /// Among those of one priority the lower one is served first.
    place: u16,
    /// A call answered within this time counts as answered in time.
    service_level_s: u64,
}

/// What is said to whoever waits.
#[derive(Debug, Serialize, ToSchema)]
struct AnnounceView {
    /// Seconds from one announcement to the next; `null`: music alone.
    every_s: Option<u32>,
    position: bool,
    wait: bool,
}

/// What a member who has picked up hears before the caller is put through.
#[derive(Debug, Serialize, ToSchema)]
struct WhisperView {
    /// For which department the call is, by its short number.
    department: bool,
    /// That a VIP calls.
    vip: bool,
}

/// What is absent stays as it is; a new department needs a name and a short number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DepartmentBody {
    name: Option<String>,
    short_number: Option<String>,
    /// All of them: ids of staff, or objects.
    members: Option<Vec<MemberBody>>,
    #[serde(default)]
    queue: QueueBody,
    #[serde(default, deserialize_with = "given")]
    overflow: Option<Option<DestinationBody>>,
    #[serde(default)]
    announce: AnnounceBody,
    #[serde(default)]
    whisper: WhisperBody,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum MemberBody {
    Id(String),
    Settings(MemberSettingsBody),
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberSettingsBody {
    staff_id: String,
    #[serde(default)]
    penalty: u16,
    #[serde(default)]
    place: u16,
    #[serde(default = "one")]
    calls_at_once: u16,
}

fn one() -> u16 {
    1
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct QueueBody {
    strategy: Option<String>,
    ring_time_s: Option<u32>,
    wrap_up_s: Option<u32>,
    pause_after_missed_s: Option<u32>,
    retry_s: Option<u32>,
    #[serde(deserialize_with = "given")]
    capacity: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    longest_wait_s: Option<Option<u32>>,
    join_when_empty: Option<String>,
    #[serde(deserialize_with = "given")]
    leave_when_empty_s: Option<Option<u32>>,
    vip: Option<String>,
    vip_lead_s: Option<u32>,
    #[serde(deserialize_with = "given")]
    overtaken_at_most_s: Option<Option<u32>>,
    priority: Option<u16>,
    place: Option<u16>,
    service_level_s: Option<u32>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct AnnounceBody {
    #[serde(deserialize_with = "given")]
    every_s: Option<Option<u32>>,
    position: Option<bool>,
    wait: Option<bool>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct WhisperBody {
    department: Option<bool>,
    vip: Option<bool>,
}

impl DepartmentBody {
    pub(super) fn patch(self) -> Result<DepartmentPatch, ApiError> {
        let members = self.members.map(|members| {
            let read = members.into_iter().enumerate().map(|(at, member)| member.patch(at));
            read.collect::<Result<Vec<_>, _>>()
        });
        Ok(DepartmentPatch {
            name: self.name,
            short_number: self.short_number,
            members: members.transpose()?,
            queue: self.queue.into(),
            overflow: self.overflow.map(|overflow| overflow.map(DestinationPatch::from)),
            announce: AnnouncePatch {
                every_s: self.announce.every_s,
                position: self.announce.position,
                wait: self.announce.wait,
            },
            whisper: WhisperPatch {
                department: self.whisper.department,
                vip: self.whisper.vip,
            },
        })
    }
}

impl MemberBody {
    fn patch(self, at: usize) -> Result<MemberPatch, ApiError> {
        let settings = match self {
            MemberBody::Settings(settings) => settings,
            MemberBody::Id(staff_id) => MemberSettingsBody {
                staff_id,
                penalty: 0,
                place: 0,
                calls_at_once: one(),
            },
        };
        let unknown = |_| ApiError::invalid_field(&format!("members[{at}]"), "unknown", "no such staff member");
        Ok(MemberPatch {
            staff: settings.staff_id.parse().map_err(unknown)?,
            penalty: settings.penalty,
            place: settings.place,
            calls_at_once: settings.calls_at_once,
        })
    }
}

impl From<QueueBody> for QueuePatch {
    fn from(body: QueueBody) -> QueuePatch {
        QueuePatch {
            strategy: body.strategy,
            ring_time_s: body.ring_time_s,
            wrap_up_s: body.wrap_up_s,
            pause_after_missed_s: body.pause_after_missed_s,
            retry_s: body.retry_s,
            capacity: body.capacity,
            longest_wait_s: body.longest_wait_s,
            join_when_empty: body.join_when_empty,
            leave_when_empty_s: body.leave_when_empty_s,
            vip: body.vip,
            vip_lead_s: body.vip_lead_s,
            overtaken_at_most_s: body.overtaken_at_most_s,
            priority: body.priority,
            place: body.place,
            service_level_s: body.service_level_s,
        }
    }
}

pub(super) fn view(department: Department) -> DepartmentView {
    let plan = department.plan;
    let members = plan.members.iter().map(|member| MemberView {
        staff_id: member.staff.to_string(),
        penalty: member.penalty,
        place: member.place,
        calls_at_once: member.calls_at_once,
    });
    DepartmentView {
        id: plan.id.to_string(),
        name: plan.name.to_string(),
        short_number: plan.short_number.to_string(),
        members: members.collect(),
        queue: queue(&plan.queue),
        overflow: plan.overflow.map(DestinationView::from),
        announce: AnnounceView {
            every_s: plan.announce.every_s,
            position: plan.announce.position,
            wait: plan.announce.wait,
        },
        whisper: WhisperView {
            department: plan.whisper.department,
            vip: plan.whisper.vip,
        },
        version: department.version,
    }
}

fn queue(queue: &QueueSettings) -> QueueView {
    let seconds = |ms: u64| ms / 1_000;
    let (vip, lead, overtaken) = match queue.vip {
        VipRule::Strict { overtaken_at_most_ms } => ("strict", None, overtaken_at_most_ms),
        VipRule::HeadStart { lead_ms } => ("head_start", Some(lead_ms), None),
        VipRule::Ignore => ("ignore", None, None),
    };
    QueueView {
        strategy: strategy_name(queue.strategy),
        ring_time_s: seconds(queue.ring_time_ms),
        wrap_up_s: seconds(queue.wrap_up_ms),
        pause_after_missed_s: seconds(queue.pause_after_missed_ms),
        retry_s: seconds(queue.retry_ms),
        capacity: queue.capacity,
        longest_wait_s: queue.longest_wait_ms.map(seconds),
        join_when_empty: join_name(queue.join_when_empty),
        leave_when_empty_s: queue.leave_when_empty_ms.map(seconds),
        vip,
        vip_lead_s: lead.map(seconds),
        overtaken_at_most_s: overtaken.map(seconds),
        priority: queue.priority,
        place: queue.place,
        service_level_s: seconds(queue.service_level_ms),
    }
}
