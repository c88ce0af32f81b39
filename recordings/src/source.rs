//! Where a recorder's audio comes from.

/// Whose audio: the caller's or the callee's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// What a source gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Audio<'a> {
    /// Decoded samples of one side; `at` is the position of the first, in samples since the recording began.
    Frame {
        recording: u128,
        side: Side,
        at: u32,
        samples: &'a [i16],
    },
    /// The recording is over and lasts exactly this many samples.
    End { recording: u128, length: u32 },
}

/// Gives decoded audio without ever waiting for it.
pub trait FrameSource: Send {
    /// Hands over what is there, at most `limit` items, and says how many there were.
    fn drain(&mut self, limit: usize, sink: &mut dyn FnMut(Audio<'_>)) -> usize;
}
