//! The words that the tables and the API have for a line's settings.

use frontdesk_routing::plan::trunks::{IdentityStyle, NumberFormat, RedirectionStyle, ServerTransport, TrunkCodec};

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
    ServerTransport transport_name transport_named { Auto "auto", Udp "udp", Tcp "tcp", Tls "tls" }
    TrunkCodec codec_name codec_named { Pcma "pcma", Pcmu "pcmu", G722 "g722", Opus "opus" }
    NumberFormat format_name format_named { E164 "e164", E164WithoutPlus "e164_without_plus", National "national" }
    IdentityStyle identity_name identity_named { Pai "pai", Rpid "rpid", FromOnly "from" }
    RedirectionStyle redirection_name redirection_named {
        None "none", Diversion "diversion", HistoryInfo "history_info"
    }
}
