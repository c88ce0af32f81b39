//! Whether a server is alive, by its answers to OPTIONS; one lost answer changes nothing.

/// Probes in a row without a sign of life that make a server down.
pub const DOWN_AFTER: u8 = 3;
/// Answers in a row that make it up again.
pub const UP_AFTER: u8 = 2;

/// Begins as up: a call may be tried before the first answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Probe {
    down: bool,
    /// Answers in a row that speak against the present state.
    against: u8,
}

impl Probe {
    /// Takes the final status of a probe (408 when there was none); true when the server went down or came up by it.
    pub fn answered(&mut self, status: u16) -> bool {
        if is_alive(status) != self.down {
            self.against = 0;
            return false;
        }
        self.against += 1;
        let enough = if self.down { UP_AFTER } else { DOWN_AFTER };
        if self.against < enough {
            return false;
        }
        *self = Probe {
            down: !self.down,
            against: 0,
        };
        true
    }

    pub fn is_up(&self) -> bool {
        !self.down
    }
}

/// Even a refusal comes from a server that works; silence and 5xx do not.
pub fn is_alive(status: u16) -> bool {
    (200..500).contains(&status) && status != 408
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_goes_down_and_comes_up_with_hysteresis() {
        let check = |statuses: &[u16], up: bool| {
            let mut probe = Probe::default();
            let edges = statuses.iter().filter(|status| probe.answered(**status)).count();
            assert_eq!(probe.is_up(), up, "{statuses:?}");
            edges
        };
        assert_eq!(check(&[], true), 0);
        assert_eq!(check(&[408, 503], true), 0);
        assert_eq!(check(&[408, 503, 200, 408, 408], true), 0);
        assert_eq!(check(&[408, 503, 408], false), 1);
        assert_eq!(check(&[408, 408, 408, 200], false), 1);
        assert_eq!(check(&[408, 408, 408, 200, 408, 404], false), 1);
        assert_eq!(check(&[408, 408, 408, 200, 405], true), 2);
    }
}
