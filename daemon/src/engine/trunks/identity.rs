//! How a provider is told who calls whom.

use std::borrow::Cow;

use frontdesk_routing::identity::ShownCaller;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::outbound::written;
use frontdesk_routing::plan::trunks::{IdentityStyle, RedirectionStyle};
use frontdesk_routing::plan::{DialPlan, PlanTrunk};
use frontdesk_sip::command::{Headers, Party};
use frontdesk_sip::privacy;

use super::servers::uri_host;

/// From and To of an INVITE to a provider, and what else it says of its caller.
pub(super) struct Said {
    pub(super) from: Party,
    pub(super) to: Party,
    pub(super) headers: Headers,
}

/// `shown` is the caller as colleagues see them: of a caller from outside the number goes on only where the provider is
/// told in the same breath who sent the call on.
pub(super) fn say(plan: &DialPlan, trunk: &PlanTrunk, called: PhoneNumber, shown: &ShownCaller, host: &str) -> Said {
    let region = plan.accounts.get(trunk.account).map(|account| &*account.region);
    let region = region.unwrap_or_default();
    let write = |number| written(number, trunk.numbers_out, region);
    let host = uri_host(host);
    let uri = |user: &str| format!("sip:{user}@{host}");
    let party = |user: &str| Party {
        display: String::new(),
        uri: uri(user),
    };
    let registered = trunk
        .provider
        .as_ref()
        .and_then(|provider| provider.registration.as_ref());
    let own = trunk
        .shown_number
        .map(write)
        .or_else(|| registered.map(|own| own.user.to_string()));
    let sent_on = PhoneNumber::from_e164(&shown.number).ok();
    let sent_on = sent_on.filter(|_| trunk.redirection != RedirectionStyle::None && !trunk.privacy);
    let mut headers = Headers::new();
    if let (Some(_), Some(own)) = (sent_on, &own) {
        headers.push(redirected(trunk.redirection, &uri(own), &uri(&write(called))));
    }
    let number = sent_on.map(write).or(own);
    let caller = number.map(|user| party(&user));
    headers.extend(caller.as_ref().and_then(|caller| asserted(trunk, caller)));
    if trunk.privacy {
        headers.push(privacy::id());
    }
    Said {
        from: match caller {
            Some(caller) if !trunk.privacy => caller,
            Some(_) | None => privacy::anonymous(),
        },
        to: party(&write(called)),
        headers,
    }
}

fn asserted(trunk: &PlanTrunk, caller: &Party) -> Option<(Cow<'static, str>, String)> {
    match trunk.identity {
        IdentityStyle::Pai => Some(privacy::asserted(caller)),
        IdentityStyle::Rpid => {
            let privacy = if trunk.privacy { "full" } else { "off" };
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
        RedirectionStyle::HistoryInfo => (
            Cow::Borrowed("History-Info"),
            format!("<{by}>;index=1, <{to};cause=302>;index=1.1;mp=1"),
        ),
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

    fn check(change: impl Fn(&mut PlanTrunk), shown: &str, from: &str, headers: &[&str]) {
        let mut trunk = PlanTrunk {
            shown_number: PhoneNumber::from_e164("+74951110001").ok(),
            ..PlanTrunk::new(TrunkId::from_u128(1), AccountId::from_u128(1), "T".into())
        };
        change(&mut trunk);
        let shown = ShownCaller {
            name: "Anna".to_owned(),
            number: shown.to_owned(),
            client: None,
        };
        let called = PhoneNumber::from_e164("+79161234567").unwrap();
        let said = say(&DialPlan::default(), &trunk, called, &shown, "p.example");
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
        let own = "sip:+74951110001@p.example";
        check(
            |_| (),
            "101",
            own,
            &["P-Asserted-Identity: <sip:+74951110001@p.example>"],
        );
        check(
            |trunk| trunk.numbers_out = NumberFormat::E164WithoutPlus,
            "101",
            "sip:74951110001@p.example",
            &["P-Asserted-Identity: <sip:74951110001@p.example>"],
        );
        check(
            |trunk| trunk.identity = IdentityStyle::Rpid,
            "101",
            own,
            &["Remote-Party-ID: <sip:+74951110001@p.example>;party=calling;screen=yes;privacy=off"],
        );
        check(|trunk| trunk.identity = IdentityStyle::FromOnly, "101", own, &[]);
        let anonymous = "sip:anonymous@anonymous.invalid";
        check(
            |trunk| trunk.privacy = true,
            "101",
            anonymous,
            &["P-Asserted-Identity: <sip:+74951110001@p.example>", "Privacy: id"],
        );
        check(|trunk| trunk.shown_number = None, "101", anonymous, &[]);
    }

    #[test]
    fn a_caller_who_was_sent_on_is_shown_only_with_whoever_did_that() {
        let client = "+74997654321";
        check(
            |_| (),
            client,
            "sip:+74951110001@p.example",
            &["P-Asserted-Identity: <sip:+74951110001@p.example>"],
        );
        check(
            |trunk| trunk.redirection = RedirectionStyle::Diversion,
            client,
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
            client,
            "sip:+74997654321@p.example",
            &[
                "History-Info: <sip:+74951110001@p.example>;index=1, <sip:+79161234567@p.example;cause=302>;index=1.1;mp=1",
            ],
        );
        check(
            |trunk| {
                trunk.redirection = RedirectionStyle::Diversion;
                trunk.privacy = true;
            },
            client,
            "sip:anonymous@anonymous.invalid",
            &["P-Asserted-Identity: <sip:+74951110001@p.example>", "Privacy: id"],
        );
    }
}
