//! Which packets of a stream have come: its extended numbers and the replay window (RFC 3711 sections 3.3.1 and 3.3.2).

/// Packets behind the newest that are still taken.
const WINDOW: u64 = 128;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    /// The highest index that came.
    highest: u64,
    /// Bit n: whether `highest - n` came.
    seen: u128,
}

impl Window {
    /// The stream begins with this index.
    pub(super) fn starting(index: u64) -> Window {
        Window {
            highest: index,
            seen: 1,
        }
    }

    /// Appendix A: the index that a sequence number most likely means.
    pub(super) fn guess(&self, sequence: u16) -> u64 {
        let low = u16::try_from(self.highest & 0xffff).unwrap_or(0);
        let step = i64::from(sequence.wrapping_sub(low).cast_signed());
        self.highest.checked_add_signed(step).unwrap_or(u64::from(sequence))
    }

    pub(super) fn is_new(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(behind) if behind < WINDOW => self.seen >> behind & 1 == 0,
            Some(_) => false,
        }
    }

    /// A packet was authenticated.
    pub(super) fn take(&mut self, index: u64) {
        match index.checked_sub(self.highest) {
            Some(ahead) => {
                let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
                self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
                self.highest = index;
            }
            None => {
                let behind = u32::try_from(self.highest - index).unwrap_or(u32::MAX);
                self.seen |= 1_u128.checked_shl(behind).unwrap_or(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_is_taken_once_and_old_ones_never() {
        let mut window = Window::starting(1_000);
        assert!(!window.is_new(1_000) && window.is_new(1_001) && window.is_new(999));
        window.take(1_003);
        window.take(1_001);
        for (index, new) in [
            (1_000, false),
            (1_001, false),
            (1_002, true),
            (1_003, false),
            (876, true),
            (875, false),
        ] {
            assert_eq!(window.is_new(index), new, "{index}");
        }
        window.take(9_000);
        assert!(!window.is_new(9_000) && window.is_new(8_999) && !window.is_new(1_002));
    }

    #[test]
    fn numbers_roll_over_both_ways() {
        let mut window = Window::starting(65_534);
        assert_eq!((window.guess(65_535), window.guess(1)), (65_535, 65_537));
        window.take(65_537);
        assert_eq!((window.guess(65_535), window.guess(2)), (65_535, 65_538));
        assert_eq!(Window::starting(3).guess(65_000), 65_000);
    }
}
