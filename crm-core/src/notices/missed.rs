//! A missed call as a notice to whom it was for (L28, L30).

use frontdesk_routing::ids::StaffId;

use super::queue::{Caller, News, What, Whom, queue};
use crate::calls::{Call, CallDirection, Disposition};
use crate::store::text::id;
use crate::store::{StoreError, Tx, args};

/// Members of the departments in whose lines the call was, of those who want to be told of anything.
const MEMBERS: &str = "SELECT DISTINCT m.staff_id FROM department_members m \
    JOIN notice_settings n ON n.staff_id = m.staff_id AND (n.sms OR n.email) WHERE m.department_id = $2 \
    OR m.department_id IN (SELECT s.department_id FROM line_stays s WHERE s.call_id = $1) ORDER BY m.staff_id";

pub(crate) const ALL: &[&str] = &[MEMBERS];

#[derive(sqlx::FromRow)]
struct Member {
    staff_id: String,
}

/// Queues what those want who have missed a call: the person who was called, and the members of the departments that were.
/// The same call again changes nothing.
pub(crate) async fn missed(tx: &mut Tx, call: &Call) -> Result<(), StoreError> {
    let taken = matches!(call.disposition, None | Some(Disposition::Answered));
    let Some(ended_at) = call.ended_at else {
        return Ok(());
    };
    if call.direction != CallDirection::Inbound || taken {
        return Ok(());
    }
    let about = call.id.to_string();
    let news = News {
        account: call.account,
        about: &about,
        client: call.client,
        caller: Caller {
            name: call.caller.name.as_deref(),
            number: call.caller.shown_number(),
        },
        what: What::MissedCall,
        happened_at: call.started_at,
        at: ended_at,
    };
    let members = members(tx, call).await?;
    let others = members.into_iter().filter(|member| Some(*member) != call.callee.staff);
    for staff in call.callee.staff.into_iter().chain(others) {
        queue(tx, &news, Whom::Staff(staff)).await?;
    }
    Ok(())
}

async fn members(tx: &mut Tx, call: &Call) -> Result<Vec<StaffId>, StoreError> {
    let rows: Vec<Member> = tx.all(MEMBERS, args![call.id, call.department]).await?;
    rows.into_iter().map(|row| id(&row.staff_id)).collect()
}
