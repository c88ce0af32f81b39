//! The words that the tables and the API have for how a line works.

use frontdesk_routing::queue::{JoinWhenEmpty, Strategy};

macro_rules! names {
    ($($kind:ident $name_of:ident $named:ident { $($value:ident $name:literal),* })*) => {$(
        pub fn $name_of(value: $kind) -> &'static str {
            match value { $($kind::$value => $name),* }
        }

        /// The error lists what there is.
        pub(super) fn $named(name: &str) -> Result<$kind, &'static str> {
            match name {
                $($name => Ok($kind::$value),)*
                _ => Err(concat!("one of:" $(, " ", $name)*)),
            }
        }
    )*};
}

names! {
    Strategy strategy_name strategy_named {
        RingAll "ring_all", LongestIdle "longest_idle", FewestCalls "fewest_calls", RoundRobin "round_robin",
        Linear "linear", Random "random"
    }
    JoinWhenEmpty join_name join_named {
        Always "always", WhenSomebodyWorks "somebody_works", WhenSomebodyFree "somebody_free"
    }
}
