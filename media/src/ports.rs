//! Which ports are ready, as the engine sees it.

use std::collections::VecDeque;

/// How the ports of a range are dealt out to the media threads: pairs in turn, so that a port tells its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    low: u16,
    high: u16,
    threads: u16,
}

impl Partition {
    /// The even ports of `range` (both ends count) whose odd neighbour is in it too.
    pub fn new(range: (u16, u16), threads: usize) -> Self {
        let (low, high) = range;
        Partition {
            low: low.saturating_add(low % 2).max(2),
            high,
            threads: u16::try_from(threads).unwrap_or(u16::MAX).max(1),
        }
    }

    pub fn threads(&self) -> usize {
        usize::from(self.threads)
    }

    /// Pairs in the range.
    pub fn pairs(&self) -> u16 {
        self.high
            .checked_sub(self.low)
            .map_or(0, |distance| distance / 2 + distance % 2)
    }

    /// The place of an RTP port in the range.
    pub fn index_of(&self, port: u16) -> Option<u16> {
        let index = port.checked_sub(self.low)?;
        (index % 2 == 0 && index / 2 < self.pairs()).then_some(index / 2)
    }

    pub fn port_at(&self, index: u16) -> Option<u16> {
        (index < self.pairs()).then(|| self.low + 2 * index)
    }

    pub fn thread_of(&self, port: u16) -> Option<usize> {
        Some(usize::from(self.index_of(port)? % self.threads))
    }
}

/// The ready ports, fed by [`MediaNotice::PortsReady`](crate::io::command::MediaNotice::PortsReady).
///
/// The two legs of a call must be on one media thread: take the second one with [`PortStock::take_near`].
#[derive(Debug, Clone)]
pub struct PortStock {
    partition: Partition,
    ready: Vec<VecDeque<u16>>,
}

impl PortStock {
    /// `range` and `threads` as in [`IoConfig`](crate::io::IoConfig).
    pub fn new(range: (u16, u16), threads: usize) -> Self {
        let partition = Partition::new(range, threads);
        PortStock {
            partition,
            ready: vec![VecDeque::new(); partition.threads()],
        }
    }

    pub fn add(&mut self, ports: &[u16]) {
        for port in ports {
            let thread = self.partition.thread_of(*port);
            if let Some(ready) = thread.and_then(|thread| self.ready.get_mut(thread)) {
                ready.push_back(*port);
            }
        }
    }

    /// The port that has rested longest, of the thread with the most ready ones.
    pub fn take(&mut self) -> Option<u16> {
        self.ready.iter_mut().max_by_key(|ready| ready.len())?.pop_front()
    }

    /// A port of the same thread as `port`.
    pub fn take_near(&mut self, port: u16) -> Option<u16> {
        self.ready.get_mut(self.partition.thread_of(port)?)?.pop_front()
    }

    /// Gives back a port that was taken and never opened.
    pub fn put_back(&mut self, port: u16) {
        self.add(&[port]);
    }

    pub fn len(&self) -> usize {
        self.ready.iter().map(VecDeque::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_counts_whole_pairs_of_even_ports() {
        let check = |range, ports: &[u16]| {
            let partition = Partition::new(range, 1);
            let all: Vec<u16> = (0..partition.pairs())
                .filter_map(|index| partition.port_at(index))
                .collect();
            assert_eq!(all, ports, "{range:?}");
            for (index, port) in ports.iter().enumerate() {
                assert_eq!(
                    partition.index_of(*port).map(usize::from),
                    Some(index),
                    "{range:?} {port}"
                );
            }
        };
        check((10_000, 10_003), &[10_000, 10_002]);
        check((10_001, 10_005), &[10_002, 10_004]);
        check((10_000, 10_002), &[10_000]);
        check((10_000, 10_000), &[]);
        check((10_003, 10_000), &[]);
        check((65_534, 65_535), &[65_534]);
        check((0, 3), &[2]);
    }

    #[test]
    fn a_port_outside_the_range_or_odd_has_no_place() {
        let partition = Partition::new((10_000, 10_009), 2);
        for port in [0, 9_998, 10_001, 10_010, 65_535] {
            assert_eq!(partition.index_of(port), None, "{port}");
        }
    }

    #[test]
    fn the_second_port_of_a_call_is_of_the_first_ones_thread() {
        let mut stock = PortStock::new((10_000, 10_019), 3);
        let partition = Partition::new((10_000, 10_019), 3);
        let all: Vec<u16> = (0..10).filter_map(|index| partition.port_at(index)).collect();
        stock.add(&all);
        while let Some(first) = stock.take() {
            if let Some(second) = stock.take_near(first) {
                assert_ne!(first, second);
                assert_eq!(partition.thread_of(first), partition.thread_of(second));
            }
        }
        assert!(stock.is_empty());
    }

    #[test]
    fn a_port_that_was_put_back_is_the_last_to_be_taken_again() {
        let mut stock = PortStock::new((10_000, 10_019), 1);
        stock.add(&[10_000, 10_002]);
        let first = stock.take().unwrap();
        stock.put_back(first);
        assert_eq!(
            (stock.take(), stock.take(), stock.take()),
            (Some(10_002), Some(10_000), None)
        );
    }
}
