//! What a site may be. Pure; whether the receiver exists is the store's matter.

use std::net::Ipv6Addr;

use super::{Receiver, Site, SitePatch};
use crate::notices::is_address;
use crate::store::{FieldError, StoreError};

const LONGEST_NAME: usize = 100;
const MOST_ORIGINS: usize = 20;
const MOST_SUBJECTS: usize = 50;
const LONGEST_SUBJECT: usize = 100;
const MOST_LETTERS: usize = 10;
/// Sites of one company.
pub(super) const MOST: i64 = 1000;
const MOST_PER_SOURCE: u32 = 1000;
const MOST_PER_SITE: u32 = 100_000;

/// The site after the patch, or every fault at once; a new one has no receiver before.
pub(super) fn patched(mut site: Site, patch: SitePatch, new: bool) -> Result<Site, StoreError> {
    let mut faults = Vec::new();
    if let Some(name) = patch.name {
        name.trim().clone_into(&mut site.name);
    }
    match site.name.chars().count() {
        0 => faults.push(FieldError::new("name", "required", "a name is needed")),
        count if count > LONGEST_NAME => faults.push(too_long("name", LONGEST_NAME)),
        _ => {}
    }
    let given = patch.origins.is_some();
    if let Some(typed) = patch.origins {
        site.origins = origins(&typed, &mut faults);
    }
    if site.origins.is_empty() && (new || given) && !faults.iter().any(|fault| fault.field.starts_with("origins")) {
        let why = "the address of at least one page's site, as in https://shop.example";
        faults.push(FieldError::new("origins", "required", why));
    }
    if let Some(typed) = patch.subjects {
        site.subjects = subjects(&typed, &mut faults);
    }
    match receiver(patch.staff, patch.department) {
        Ok(Some(to)) => site.to = to,
        Ok(None) if new => faults.push(FieldError::new(
            "department_id",
            "required",
            "a department or a staff member who is rung first",
        )),
        Ok(None) => {}
        Err(fault) => faults.push(fault),
    }
    if let Some(schedule) = patch.schedule {
        match schedule.map(|schedule| schedule.parse()).transpose() {
            Ok(schedule) => site.schedule = schedule,
            Err(_) => faults.push(FieldError::new("schedule_id", "unknown", "no such schedule")),
        }
    }
    site.enabled = patch.enabled.unwrap_or(site.enabled);
    site.forms_call = patch.forms_call.unwrap_or(site.forms_call);
    if let Some(typed) = patch.letters_to {
        site.letters_to = letters_to(&typed, &mut faults);
    }
    let rates = [
        ("per_source", patch.per_source, MOST_PER_SOURCE, &mut site.per_source),
        ("per_site", patch.per_site, MOST_PER_SITE, &mut site.per_site),
    ];
    for (field, given, most, place) in rates {
        match given {
            Some(rate) if (1..=most).contains(&rate) => *place = rate,
            Some(_) => faults.push(FieldError::new(field, "invalid", format!("1 to {most}"))),
            None => {}
        }
    }
    StoreError::invalid(faults)?;
    Ok(site)
}

fn too_long(field: &str, most: usize) -> FieldError {
    FieldError::new(field, "too_long", format!("{most} characters at most"))
}

fn receiver(staff: Option<String>, department: Option<String>) -> Result<Option<Receiver>, FieldError> {
    match (staff, department) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(FieldError::new(
            "department_id",
            "invalid",
            "either a department or a staff member",
        )),
        (Some(staff), None) => match staff.parse() {
            Ok(staff) => Ok(Some(Receiver::Staff(staff))),
            Err(_) => Err(FieldError::new("staff_id", "unknown", "no such staff member")),
        },
        (None, Some(department)) => match department.parse() {
            Ok(department) => Ok(Some(Receiver::Department(department))),
            Err(_) => Err(FieldError::new("department_id", "unknown", "no such department")),
        },
    }
}

fn origins(typed: &[String], faults: &mut Vec<FieldError>) -> Vec<String> {
    let mut origins: Vec<String> = Vec::new();
    if typed.len() > MOST_ORIGINS {
        let why = format!("{MOST_ORIGINS} at most");
        faults.push(FieldError::new("origins", "too_long", why));
    }
    for (place, text) in typed.iter().take(MOST_ORIGINS).enumerate() {
        match origin(text) {
            Some(origin) if origins.contains(&origin) => {}
            Some(origin) => origins.push(origin),
            None => {
                let why = "not the address of a site, as in https://shop.example";
                faults.push(FieldError::new(&format!("origins[{place}]"), "invalid", why));
            }
        }
    }
    origins
}

/// An origin as browsers send it (RFC 6454 section 6.2): lower case, names of other alphabets as `xn--`, no usual port.
fn origin(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let (scheme, rest) = typed.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "https" => "443",
        "http" => "80",
        _ => return None,
    };
    let place = rest.strip_suffix('/').unwrap_or(rest);
    if place.len() > 255 || place.contains(['/', '?', '#', '@', ' ']) {
        return None;
    }
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (place, None),
    };
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?),
        None => name(host)?,
    };
    match port.filter(|port| *port != usual) {
        Some(port) if port.parse::<u16>().is_ok_and(|port| port > 0) => Some(format!("{scheme}://{host}:{port}")),
        Some(_) => None,
        None => Some(format!("{scheme}://{host}")),
    }
}

fn name(host: &str) -> Option<String> {
    let name = idna::domain_to_ascii(host).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

fn letters_to(typed: &[String], faults: &mut Vec<FieldError>) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    if typed.len() > MOST_LETTERS {
        faults.push(FieldError::new(
            "letters_to",
            "too_long",
            format!("{MOST_LETTERS} at most"),
        ));
    }
    for (place, text) in typed.iter().take(MOST_LETTERS).enumerate() {
        let address = text.trim();
        if !is_address(address) {
            let field = format!("letters_to[{place}]");
            faults.push(FieldError::new(&field, "invalid", "not an e-mail address"));
        } else if !addresses.iter().any(|known| known == address) {
            addresses.push(address.to_owned());
        }
    }
    addresses
}

fn subjects(typed: &[String], faults: &mut Vec<FieldError>) -> Vec<String> {
    let subjects: Vec<String> = typed
        .iter()
        .map(|text| text.trim().replace(['\n', '\r'], " "))
        .collect();
    let subjects: Vec<String> = subjects.into_iter().filter(|text| !text.is_empty()).collect();
    if subjects.len() > MOST_SUBJECTS {
        let why = format!("{MOST_SUBJECTS} at most");
        faults.push(FieldError::new("subjects", "too_long", why));
    }
    if subjects.iter().any(|text| text.chars().count() > LONGEST_SUBJECT) {
        faults.push(too_long("subjects", LONGEST_SUBJECT));
    }
    subjects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        let check = |typed: &str, expected: Option<&str>| assert_eq!(origin(typed).as_deref(), expected, "{typed}");
        check("https://shop.example", Some("https://shop.example"));
        check(" HTTPS://Shop.Example/ ", Some("https://shop.example"));
        check("https://shop.example:443", Some("https://shop.example"));
        check("http://shop.example:80", Some("http://shop.example"));
        check("http://127.0.0.1:8000", Some("http://127.0.0.1:8000"));
        check("https://[2001:DB8::1]:8443", Some("https://[2001:db8::1]:8443"));
        check("https://магазин.рф", Some("https://xn--80aairftm.xn--p1ai"));
        for wrong in [
            "shop.example",
            "*",
            "https://*.shop.example",
            "https://",
            "ftp://shop.example",
            "https://shop.example/page",
            "https://user@shop.example",
            "https://shop.example:0",
            "https://shop.example:99999",
            "https://[1.2.3.4]",
            "https://shop.example\nhttps://evil.example",
        ] {
            check(wrong, None);
        }
    }
}
