//! The SIP account of somebody who may have none, as others join it.

use frontdesk_routing::plan::PlanSip;

use crate::store::StoreError;
use crate::store::text::id;

/// `p.id AS sip_id, p.sip_user, p.ha1_md5, p.ha1_sha256, p.enabled` of `sip_accounts p`.
#[derive(sqlx::FromRow)]
pub(crate) struct SipRow {
    sip_id: Option<String>,
    sip_user: Option<String>,
    ha1_md5: Option<String>,
    ha1_sha256: Option<String>,
    enabled: Option<bool>,
}

impl SipRow {
    pub(crate) fn read(self) -> Result<Option<PlanSip>, StoreError> {
        let (Some(sip), Some(user), Some(md5), Some(sha256)) =
            (self.sip_id, self.sip_user, self.ha1_md5, self.ha1_sha256)
        else {
            return Ok(None);
        };
        let wrong = |_| StoreError::Corrupt(format!("the digests of {user}"));
        let (mut ha1_md5, mut ha1_sha256) = ([0; 16], [0; 32]);
        hex::decode_to_slice(&md5, &mut ha1_md5).map_err(wrong)?;
        hex::decode_to_slice(&sha256, &mut ha1_sha256).map_err(wrong)?;
        Ok(Some(PlanSip {
            id: id(&sip)?,
            user: user.into(),
            ha1_md5,
            ha1_sha256,
            enabled: self.enabled.unwrap_or(false),
        }))
    }
}
