//! What phones have published of their people: soft state that ends by itself, and at a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use frontdesk_routing::ids::StaffId;
use frontdesk_sip::Now;

use super::pidf::Said;

/// Publications of one person at a time; beyond it the one goes that would end first.
const MOST_OF_ONE: usize = 8;

/// An entity-tag (RFC 3903 section 11.3.1); each is given once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tag(pub(super) u64);

impl Tag {
    /// `None`: none that we could have given.
    pub(super) fn read(value: &[u8]) -> Option<Tag> {
        let text = std::str::from_utf8(value.trim_ascii()).ok()?;
        let plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| plain).map(Tag)
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[derive(Debug)]
struct Publication {
    tag: Tag,
    ends: Instant,
    said: Said,
}

#[derive(Debug, Default)]
pub(in crate::engine) struct Publications {
    /// Whoever has spoken last stands last; a refresh says nothing new.
    of_person: BTreeMap<StaffId, Vec<Publication>>,
    ends: BTreeSet<(Instant, StaffId, Tag)>,
}

impl Publications {
    pub(super) fn has(&self, staff: StaffId, tag: Tag) -> bool {
        let of_one = self.of_person.get(&staff);
        of_one.is_some_and(|all| all.iter().any(|publication| publication.tag == tag))
    }

    pub(super) fn put(&mut self, staff: StaffId, (tag, said): (Tag, Said), ends: Instant) {
        while self.of_person.get(&staff).map_or(0, Vec::len) >= MOST_OF_ONE {
            let of_one = self.of_person.get(&staff).into_iter().flatten();
            let Some(first) = of_one.min_by_key(|publication| publication.ends) else {
                return;
            };
            let first = first.tag;
            self.remove(staff, first);
        }
        let of_one = self.of_person.entry(staff).or_default();
        of_one.push(Publication { tag, ends, said });
        self.ends.insert((ends, staff, tag));
    }

    /// It lasts until `ends` under another tag.
    pub(super) fn renew(&mut self, staff: StaffId, (old, new): (Tag, Tag), ends: Instant) {
        let of_one = self.of_person.get_mut(&staff).into_iter().flatten();
        for publication in of_one.filter(|publication| publication.tag == old) {
            self.ends.remove(&(publication.ends, staff, old));
            (publication.tag, publication.ends) = (new, ends);
            self.ends.insert((ends, staff, new));
        }
    }

    pub(super) fn remove(&mut self, staff: StaffId, tag: Tag) {
        let Some(of_one) = self.of_person.get_mut(&staff) else {
            return;
        };
        let ends = &mut self.ends;
        of_one.retain(|publication| {
            let stays = publication.tag != tag;
            if !stays {
                ends.remove(&(publication.ends, staff, tag));
            }
            stays
        });
        if of_one.is_empty() {
            self.of_person.remove(&staff);
        }
    }

    pub(super) fn forget(&mut self, staff: StaffId) {
        for publication in self.of_person.remove(&staff).into_iter().flatten() {
            self.ends.remove(&(publication.ends, staff, publication.tag));
        }
    }

    /// Whose publications have run out, each ended.
    pub(super) fn expire(&mut self, now: Now) -> BTreeSet<StaffId> {
        let mut ended = BTreeSet::new();
        while let Some((at, staff, tag)) = self.ends.first().copied()
            && at <= now.instant
        {
            self.remove(staff, tag);
            self.ends.remove(&(at, staff, tag));
            ended.insert(staff);
        }
        ended
    }

    pub(super) fn people(&self) -> Vec<StaffId> {
        self.of_person.keys().copied().collect()
    }

    /// The word of a person's phones: that of the one which has spoken last; one that says it is closed is heard only when
    /// all do.
    pub(super) fn word(&self, staff: StaffId) -> Option<&Said> {
        let all = self.of_person.get(&staff)?;
        let open = all.iter().rev().find(|publication| !publication.said.closed);
        open.or(all.last()).map(|publication| &publication.said)
    }

    pub(in crate::engine) fn deadline(&self) -> Option<Instant> {
        self.ends.first().map(|(at, _, _)| *at)
    }

    pub(in crate::engine) fn count(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::time::Duration;

    use super::*;

    const ANNA: StaffId = StaffId::from_u128(1);

    #[expect(
        clippy::disallowed_methods,
        reason = "the one instant that all others are counted from"
    )]
    fn now(seconds: u64) -> Now {
        static START: OnceLock<Instant> = OnceLock::new();
        Now {
            instant: *START.get_or_init(Instant::now) + Duration::from_secs(seconds),
            unix_ms: 0,
        }
    }

    fn said(note: &str, closed: bool) -> Said {
        Said {
            closed,
            activity: None,
            note: note.to_owned(),
        }
    }

    fn word(all: &Publications) -> Option<&str> {
        all.word(ANNA).map(|said| said.note.as_str())
    }

    #[test]
    fn whoever_spoke_last_is_heard_and_the_closed_only_among_themselves() {
        let mut all = Publications::default();
        let put = |all: &mut Publications, tag: u64, note: &str, closed: bool| {
            all.put(ANNA, (Tag(tag), said(note, closed)), now(100 + tag).instant);
        };
        put(&mut all, 1, "one", false);
        put(&mut all, 2, "two", false);
        assert_eq!(word(&all), Some("two"));
        put(&mut all, 3, "three", true);
        assert_eq!(word(&all), Some("two"));
        all.renew(ANNA, (Tag(1), Tag(4)), now(200).instant);
        assert!(!all.has(ANNA, Tag(1)) && all.has(ANNA, Tag(4)));
        assert_eq!(word(&all), Some("two"), "a refresh says nothing new");
        all.remove(ANNA, Tag(2));
        assert_eq!(word(&all), Some("one"));
        assert_eq!(all.expire(now(103)).len(), 1);
        assert_eq!((word(&all), all.count()), (Some("one"), 1));
        assert_eq!(all.deadline(), Some(now(200).instant));
        put(&mut all, 5, "five", true);
        all.remove(ANNA, Tag(4));
        assert_eq!(word(&all), Some("five"));
        all.forget(ANNA);
        assert_eq!((word(&all), all.count(), all.deadline()), (None, 0, None));
    }

    #[test]
    fn of_too_many_the_one_goes_that_would_end_first() {
        let mut all = Publications::default();
        for tag in 0..20 {
            all.put(ANNA, (Tag(tag), said("", false)), now(500 - tag).instant);
        }
        assert_eq!(all.count(), MOST_OF_ONE);
        assert!(all.has(ANNA, Tag(19)) && all.has(ANNA, Tag(0)) && !all.has(ANNA, Tag(18)));
    }

    #[test]
    fn only_what_we_could_have_given_is_a_tag() {
        assert_eq!(Tag::read(Tag(0xab).to_string().as_bytes()), Some(Tag(0xab)));
        for bad in ["", "ab", "+000000000000000", "00000000000000ab0", "\u{ff}"] {
            assert_eq!(Tag::read(bad.as_bytes()), None, "{bad}");
        }
    }
}
