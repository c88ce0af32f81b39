//! Route sets and what they make of a request's first line and Route fields (RFC 3261 section 12.2.1.1).

/// A request's first line and Route fields, top first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    pub(crate) uri: &'a str,
    pub(crate) routes: &'a [String],
    /// The URI that a strict router finds as the last Route.
    pub(crate) last: Option<&'a str>,
}

pub(crate) fn address<'a>(routes: &'a [String], target: &'a str) -> Address<'a> {
    match routes.split_first() {
        Some((first, rest)) if !is_loose(first) => Address {
            uri: uri_of(first),
            routes: rest,
            last: Some(target),
        },
        Some(_) | None => Address {
            uri: target,
            routes,
            last: None,
        },
    }
}

/// The URI that decides where the request goes first.
pub(crate) fn next_hop<'a>(routes: &'a [String], target: &'a str) -> &'a str {
    routes.first().map_or(target, |route| uri_of(route))
}

/// The URI inside a name-addr; a bare URI is itself.
pub(crate) fn uri_of(route: &str) -> &str {
    let inner = route.rfind('<').and_then(|open| {
        let rest = route.get(open + 1..)?;
        rest.get(..rest.find('>')?)
    });
    inner.unwrap_or(route).trim()
}

fn is_loose(route: &str) -> bool {
    uri_of(route).split(['?']).next().is_some_and(|uri| {
        uri.split(';').skip(1).any(|parameter| {
            let name = parameter.split('=').next().unwrap_or(parameter);
            name.trim().eq_ignore_ascii_case("lr")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(routes: &[&str], uri: &str, rest: &[&str], last: Option<&str>) {
        let routes: Vec<String> = routes.iter().map(|route| (*route).to_owned()).collect();
        let rest: Vec<String> = rest.iter().map(|route| (*route).to_owned()).collect();
        assert_eq!(
            address(&routes, "sip:a@b"),
            Address {
                uri,
                routes: &rest,
                last
            },
            "{routes:?}"
        );
    }

    #[test]
    fn without_routes_the_target_is_the_first_line() {
        check(&[], "sip:a@b", &[], None);
        assert_eq!(next_hop(&[], "sip:a@b"), "sip:a@b");
    }

    #[test]
    fn a_loose_router_leaves_the_first_line_alone() {
        check(
            &["<sip:p1;lr>", "<sip:p2;lr>"],
            "sip:a@b",
            &["<sip:p1;lr>", "<sip:p2;lr>"],
            None,
        );
        check(
            &["\"<odd>\" <sip:p1;LR=on>"],
            "sip:a@b",
            &["\"<odd>\" <sip:p1;LR=on>"],
            None,
        );
        assert_eq!(
            next_hop(&["\"<odd>\" <sip:p1;lr>;x=y".to_owned()], "sip:a@b"),
            "sip:p1;lr"
        );
    }

    #[test]
    fn a_strict_router_takes_the_first_line_and_the_target_goes_last() {
        check(
            &["<sip:p1>", "<sip:p2;lr>"],
            "sip:p1",
            &["<sip:p2;lr>"],
            Some("sip:a@b"),
        );
        check(&["<sip:p1;lrx>"], "sip:p1;lrx", &[], Some("sip:a@b"));
    }
}
