//! A missed call as a notice to whom it was for (L28, L30).

use super::queue::{Caller, News, What, Whom, queue};
use crate::calls::{Call, CallDirection, Disposition};
use crate::store::{StoreError, Tx};

/// Queues what somebody wants who has missed a call. The same call again changes nothing.
pub(crate) async fn missed(tx: &mut Tx, call: &Call) -> Result<(), StoreError> {
    let taken = matches!(call.disposition, None | Some(Disposition::Answered));
    let Some((staff, ended_at)) = call.callee.staff.zip(call.ended_at) else {
        return Ok(());
    };
    if call.direction != CallDirection::Inbound || taken {
        return Ok(());
    }
    let news = News {
        account: call.account,
        about: &call.id.to_string(),
        client: call.client,
        caller: Caller {
            name: call.caller.name.as_deref(),
            number: call.caller.shown_number(),
        },
        what: What::MissedCall,
        happened_at: call.started_at,
        at: ended_at,
    };
    queue(tx, &news, Whom::Staff(staff)).await
}
