//! A department as a row.

use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{Announce, PlanDepartment, Whisper};
use frontdesk_routing::queue::{Member, QueueSettings, Strategy, VipRule};

use super::{Department, names};
use crate::destinations::{self, DestinationRow};
use crate::store::page::Mark;
use crate::store::text::id;
use crate::store::{Arg, StoreError, args};

/// A lead that has never been set, in seconds.
pub(super) const USUAL_LEAD_S: u32 = 300;

/// Departments as [`Row`] reads them.
macro_rules! department {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, version, name, short_number, strategy, ring_time_s, wrap_up_s, pause_after_missed_s, \
             retry_s, capacity, longest_wait_s, join_when_empty, leave_when_empty_s, vip, vip_lead_s, \
             overtaken_at_most_s, priority, place, service_level_s, overflow_staff_id AS to_staff_id, \
             overflow_department_id AS to_department_id, overflow_menu_id AS to_menu_id, \
             overflow_mailbox_id AS to_mailbox_id, overflow_number AS to_number, announce_every_s, announce_position, announce_wait, whisper_department, whisper_vip \
             FROM departments ",
            $rest
        )
    };
}
pub(super) use department;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    account_id: String,
    version: i64,
    name: String,
    short_number: String,
    strategy: String,
    ring_time_s: i64,
    wrap_up_s: i64,
    pause_after_missed_s: i64,
    retry_s: i64,
    capacity: Option<i64>,
    longest_wait_s: Option<i64>,
    join_when_empty: String,
    leave_when_empty_s: Option<i64>,
    vip: String,
    vip_lead_s: i64,
    overtaken_at_most_s: Option<i64>,
    priority: i64,
    place: i64,
    service_level_s: i64,
    #[sqlx(flatten)]
    overflow: DestinationRow,
    announce_every_s: Option<i64>,
    announce_position: bool,
    announce_wait: bool,
    whisper_department: bool,
    whisper_vip: bool,
}

#[derive(sqlx::FromRow)]
pub(super) struct MemberRow {
    pub(super) department_id: String,
    staff_id: String,
    penalty: i64,
    place: i64,
    calls_at_once: i64,
}

impl MemberRow {
    fn read(&self) -> Result<Member, StoreError> {
        let small =
            |value: i64| u16::try_from(value).map_err(|_| StoreError::Corrupt("a member's settings".to_owned()));
        Ok(Member {
            staff: id(&self.staff_id)?,
            penalty: small(self.penalty)?,
            place: small(self.place)?,
            calls_at_once: small(self.calls_at_once)?,
        })
    }
}

fn seconds(ms: u64) -> i64 {
    i64::try_from(ms / 1_000).unwrap_or(i64::MAX)
}

/// The values from `name` on, in the order of the columns.
pub(super) fn values(plan: &PlanDepartment) -> Vec<Arg> {
    let queue = &plan.queue;
    let (vip, lead, overtaken) = match queue.vip {
        VipRule::Strict { overtaken_at_most_ms } => ("strict", None, overtaken_at_most_ms),
        VipRule::HeadStart { lead_ms } => ("head_start", Some(lead_ms), None),
        VipRule::Ignore => ("ignore", None, None),
    };
    let mut values = args![
        &*plan.name,
        plan.short_number.to_string(),
        names::strategy_name(queue.strategy),
        seconds(queue.ring_time_ms),
        seconds(queue.wrap_up_ms),
        seconds(queue.pause_after_missed_ms),
        seconds(queue.retry_ms),
        queue.capacity.map(i64::from),
        queue.longest_wait_ms.map(seconds),
        names::join_name(queue.join_when_empty),
        queue.leave_when_empty_ms.map(seconds),
        vip,
        lead.map_or(i64::from(USUAL_LEAD_S), seconds),
        overtaken.map(seconds),
        queue.priority,
        queue.place,
        seconds(queue.service_level_ms),
        plan.announce.every_s.map(i64::from),
        plan.announce.position,
        plan.announce.wait,
        plan.whisper.department,
        plan.whisper.vip,
    ];
    values.extend(destinations::columns(plan.overflow));
    values
}

/// How the line of a new department works: as the tables' defaults say.
pub(super) fn usual() -> QueueSettings {
    QueueSettings {
        strategy: Strategy::RingAll,
        pause_after_missed_ms: 10_000,
        ..QueueSettings::default()
    }
}

impl Row {
    pub(super) fn version(&self) -> i64 {
        self.version
    }

    /// Where it stands in the list.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            number: 0,
            text: self.short_number.clone(),
            id: self.id.clone(),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// `members` are those of all departments that are read.
    pub(super) fn read(self, members: &[MemberRow]) -> Result<Department, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of a department"));
        let own = members.iter().filter(|member| member.department_id == self.id);
        let short = ShortNumber::read(&self.short_number).map_err(|_| corrupt("short_number"))?;
        let small = |value: i64, what| u32::try_from(value).map_err(|_| corrupt(what));
        let announce = Announce {
            every_s: self
                .announce_every_s
                .map(|every| small(every, "announce_every_s"))
                .transpose()?,
            position: self.announce_position,
            wait: self.announce_wait,
        };
        let plan = PlanDepartment {
            members: own.map(MemberRow::read).collect::<Result<_, _>>()?,
            queue: self.queue()?,
            overflow: self.overflow.read()?,
            announce,
            whisper: Whisper {
                department: self.whisper_department,
                vip: self.whisper_vip,
            },
            ..PlanDepartment::new(id(&self.id)?, id(&self.account_id)?, self.name.into(), short)
        };
        Ok(Department {
            plan,
            version: self.version,
        })
    }

    fn queue(&self) -> Result<QueueSettings, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of a department"));
        let ms = |value: i64| {
            u64::try_from(value)
                .map(|seconds| seconds.saturating_mul(1_000))
                .unwrap_or(0)
        };
        let small = |value: i64, what| u16::try_from(value).map_err(|_| corrupt(what));
        let vip = match self.vip.as_str() {
            "strict" => VipRule::Strict {
                overtaken_at_most_ms: self.overtaken_at_most_s.map(ms),
            },
            "head_start" => VipRule::HeadStart {
                lead_ms: ms(self.vip_lead_s),
            },
            "ignore" => VipRule::Ignore,
            _ => return Err(corrupt("vip")),
        };
        let capacity = self.capacity.map(u32::try_from).transpose();
        Ok(QueueSettings {
            strategy: names::strategy_named(&self.strategy).map_err(corrupt)?,
            ring_time_ms: ms(self.ring_time_s),
            wrap_up_ms: ms(self.wrap_up_s),
            pause_after_missed_ms: ms(self.pause_after_missed_s),
            retry_ms: ms(self.retry_s),
            capacity: capacity.map_err(|_| corrupt("capacity"))?,
            longest_wait_ms: self.longest_wait_s.map(ms),
            join_when_empty: names::join_named(&self.join_when_empty).map_err(corrupt)?,
            leave_when_empty_ms: self.leave_when_empty_s.map(ms),
            vip,
            priority: small(self.priority, "priority")?,
            place: small(self.place, "place")?,
            service_level_ms: ms(self.service_level_s),
        })
    }
}
