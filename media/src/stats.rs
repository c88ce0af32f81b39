//! What the media of a call came to.

use crate::io::command::LegStats;

/// Who was heard by us; the usual cause of a complaint about one-way audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Both,
    OnlyFirst,
    OnlySecond,
    Neither,
}

/// Fewer packets than this in a whole call are no audio: half a second.
const SOME_AUDIO: u64 = 25;

/// Of a call's two legs. In a call of less than a second each packet counts.
pub fn heard(first: &LegStats, second: &LegStats) -> Heard {
    let most = first.packets_received.max(second.packets_received);
    let enough = if most < 2 * SOME_AUDIO { 1 } else { SOME_AUDIO };
    match (first.packets_received >= enough, second.packets_received >= enough) {
        (true, true) => Heard::Both,
        (true, false) => Heard::OnlyFirst,
        (false, true) => Heard::OnlySecond,
        (false, false) => Heard::Neither,
    }
}

/// Lost packets in thousandths of those that should have come.
pub fn loss_permille(stats: &LegStats) -> u64 {
    let expected = stats.packets_received.saturating_add(stats.packets_lost);
    (stats.packets_lost.saturating_mul(1_000))
        .checked_div(expected)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(packets_received: u64, packets_lost: u64) -> LegStats {
        LegStats {
            packets_received,
            packets_lost,
            ..LegStats::default()
        }
    }

    #[test]
    fn one_way_audio_is_seen() {
        let check = |first, second, expected| {
            assert_eq!(heard(&leg(first, 0), &leg(second, 0)), expected, "{first} {second}");
        };
        check(500, 490, Heard::Both);
        check(500, 0, Heard::OnlyFirst);
        check(3, 500, Heard::OnlySecond);
        check(5, 4, Heard::Both);
        check(0, 0, Heard::Neither);
    }

    #[test]
    fn loss_is_a_share_of_what_should_have_come() {
        assert_eq!(loss_permille(&leg(0, 0)), 0);
        assert_eq!(loss_permille(&leg(99, 1)), 10);
        assert_eq!(loss_permille(&leg(u64::MAX, u64::MAX)), 1);
    }
}
