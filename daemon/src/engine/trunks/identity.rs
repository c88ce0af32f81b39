//! How a provider is told who calls whom.

use std::borrow::Cow;

use frontdesk_routing::caller_id::Presented;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::outbound::{OutsideNumber, written};
use frontdesk_routing::plan::trunks::{IdentityStyle, RedirectionStyle};
use frontdesk_routing::plan::{DialPlan, PlanTrunk};
use frontdesk_sip::command::{Headers, Party};
use frontdesk_sip::privacy;

use super::servers::uri_host;
use crate::engine::history::{Turn, history};

/// From and To of an INVITE to a provider, and what else it says of its caller.
pub(super) struct Said {
    pub(super) from: Party,
    pub(super) to: Party,
    pub(super) headers: Headers,
}

/// Says what the resolver has found, in the trunk's own style.
pub(super) fn say(plan: &DialPlan, trunk: &PlanTrunk, called: OutsideNumber, shown: Presented, host: &str) -> Said {
    let region = plan.accounts.get(trunk.account).map(|account| &*account.region);
    let region = region.unwrap_or_default();
    let write = |number| written(number, trunk.numbers_out, region);
    let called_user = called.written(trunk.numbers_out, region);
    let host = uri_host(host);
    let uri = |user: &str| format!("sip:{user}@{host}");
    let party = |user: &str| Party {
        display: String::new(),
        uri: uri(user),
    };
    let registration = || {
        let provider = trunk.provider.as_ref()?;
        Some(provider.registration.as_ref()?.user.to_string())
    };
    let number = |number: Option<PhoneNumber>| number.map(write).or_else(registration);
    let mut headers = Headers::new();
    if let Some(by) = shown.sent_on_by.and_then(number) {
        headers.push(redirected(trunk.redirection, &uri(&by), &uri(&called_user)));
    }
    // Whoever helps has to know who called, and where from.
    let private = (trunk.privacy || shown.restricted) && !called.is_emergency();
    let caller = number(shown.number).map(|user| party(&user));
    headers.extend(caller.as_ref().and_then(|caller| asserted(trunk, caller, private)));
    if private {
        headers.push(privacy::id());
    }
    if called.is_emergency() {
        headers.push((Cow::Borrowed("Priority"), "emergency".to_owned()));
    }
    Said {
        from: match caller {
            Some(caller) if !private => caller,
            Some(_) | None => privacy::anonymous(),
        },
        to: party(&called_user),
        headers,
    }
}

fn asserted(trunk: &PlanTrunk, caller: &Party, private: bool) -> Option<(Cow<'static, str>, String)> {
    match trunk.identity {
        IdentityStyle::Pai => Some(privacy::asserted(caller)),
        IdentityStyle::Rpid => {
            let privacy = if private { "full" } else { "off" };
            let value = format!(
                "{};party=calling;screen=yes;privacy={privacy}",
                privacy::name_addr(caller)
            );
            Some((Cow::Borrowed("Remote-Party-ID"), value))
        }
        IdentityStyle::FromOnly => None,
    }
}

/// RFC 5806; RFC 7044 with the cause of RFC 4458 for a call that is always sent on.
fn redirected(style: RedirectionStyle, by: &str, to: &str) -> (Cow<'static, str>, String) {
    match style {
        RedirectionStyle::HistoryInfo => {
            let uri = to.to_owned();
            history(by, &[Turn { uri, cause: 302 }])
        }
        RedirectionStyle::Diversion | RedirectionStyle::None => (
            Cow::Borrowed("Diversion"),
            format!("<{by}>;reason=unconditional;counter=1"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::{AccountId, TrunkId};
    use frontdesk_routing::plan::trunks::NumberFormat;

    use super::*;

    const OWN: u64 = 74_951_110_001;

    fn number(digits: u64) -> PhoneNumber {
        PhoneNumber::from_u64(digits).unwrap()
    }

    fn own() -> Presented {
        Presented {
            number: Some(number(OWN)),
            restricted: false,
            sent_on_by: None,
        }
    }

    fn client() -> Presented {
        Presented {
            number: Some(number(74_997_654_321)),
            restricted: false,
            sent_on_by: Some(Some(number(OWN))),
        }
    }

    fn check(change: impl Fn(&mut PlanTrunk), shown: Presented, from: &str, headers: &[&str]) {
        let mut trunk = PlanTrunk::new(TrunkId::from_u128(1), AccountId::from_u128(1), "T".into());
        change(&mut trunk);
        let called = OutsideNumber::Number(number(79_161_234_567));
        let said = say(&DialPlan::default(), &trunk, called, shown, "p.example");
        assert_eq!(said.from.uri, from);
        let said: Vec<String> = said
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        assert_eq!(said, headers);
    }

    #[test]
    fn a_provider_is_told_who_calls_in_its_own_style() {
        let uri = "sip:+74951110001@p.example";
        check(
            |_| (),
            own(),
            uri,
            &["P-Asserted-Identity: <sip:+74951110001@p.example>"],
        );
        check(
            |trunk| trunk.numbers_out = NumberFormat::E164WithoutPlus,
            own(),
            "sip:74951110001@p.example",
            &["P-Asserted-Identity: <sip:74951110001@p.example>"],
        );
        check(
            |trunk| trunk.identity = IdentityStyle::Rpid,
            own(),
            uri,
            &["Remote-Party-ID: <sip:+74951110001@p.example>;party=calling;screen=yes;privacy=off"],
        );
        check(|trunk| trunk.identity = IdentityStyle::FromOnly, own(), uri, &[]);
        let anonymous = "sip:anonymous@anonymous.invalid";
        check(
            |trunk| trunk.privacy = true,
            own(),
            anonymous,
            &["P-Asserted-Identity: <sip:+74951110001@p.example>", "Privacy: id"],
        );
        let unknown = Presented { number: None, ..own() };
        check(|_| (), unknown, anonymous, &[]);
        let restricted = Presented {
            restricted: true,
            ..own()
        };
        check(
            |_| (),
            restricted,
            anonymous,
            &["P-Asserted-Identity: <sip:+74951110001@p.example>", "Privacy: id"],
        );
        check(
            |trunk| trunk.identity = IdentityStyle::Rpid,
            restricted,
            anonymous,
            &[
                "Remote-Party-ID: <sip:+74951110001@p.example>;party=calling;screen=yes;privacy=full",
                "Privacy: id",
            ],
        );
    }

    #[test]
    fn a_caller_who_was_sent_on_is_shown_with_whoever_did_that() {
        check(
            |trunk| trunk.redirection = RedirectionStyle::Diversion,
            client(),
            "sip:+74997654321@p.example",
            &[
                "Diversion: <sip:+74951110001@p.example>;reason=unconditional;counter=1",
                "P-Asserted-Identity: <sip:+74997654321@p.example>",
            ],
        );
        check(
            |trunk| {
                trunk.redirection = RedirectionStyle::HistoryInfo;
                trunk.identity = IdentityStyle::FromOnly;
            },
            client(),
            "sip:+74997654321@p.example",
            &[
                "History-Info: <sip:+74951110001@p.example>;index=1, <sip:+79161234567@p.example;cause=302>;index=1.1;mp=1",
            ],
        );
        let unknown = Presented {
            restricted: true,
            ..client()
        };
        check(
            |trunk| trunk.redirection = RedirectionStyle::Diversion,
            unknown,
            "sip:anonymous@anonymous.invalid",
            &[
                "Diversion: <sip:+74951110001@p.example>;reason=unconditional;counter=1",
                "P-Asserted-Identity: <sip:+74997654321@p.example>",
                "Privacy: id",
            ],
        );
    }
}
