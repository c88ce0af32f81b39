//! Methods and header names: open sets with names for what RFC 3261 and its companions define.

/// A request method; compared with regard to case (RFC 3261 section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method<'a> {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Prack,
    Update,
    Info,
    Refer,
    Subscribe,
    Notify,
    Publish,
    Message,
    Other(&'a [u8]),
}

const METHODS: [(&[u8], Method<'static>); 14] = [
    (b"INVITE", Method::Invite),
    (b"ACK", Method::Ack),
    (b"BYE", Method::Bye),
    (b"CANCEL", Method::Cancel),
    (b"OPTIONS", Method::Options),
    (b"REGISTER", Method::Register),
    (b"PRACK", Method::Prack),
    (b"UPDATE", Method::Update),
    (b"INFO", Method::Info),
    (b"REFER", Method::Refer),
    (b"SUBSCRIBE", Method::Subscribe),
    (b"NOTIFY", Method::Notify),
    (b"PUBLISH", Method::Publish),
    (b"MESSAGE", Method::Message),
];

impl<'a> Method<'a> {
    pub fn read(bytes: &'a [u8]) -> Method<'a> {
        let known = METHODS.iter().find(|(name, _)| *name == bytes);
        known.map_or(Method::Other(bytes), |(_, method)| *method)
    }

    pub fn as_bytes(&self) -> &'a [u8] {
        if let Method::Other(bytes) = self {
            return bytes;
        }
        METHODS
            .iter()
            .find(|(_, method)| method == self)
            .map_or(b"", |(name, _)| *name)
    }

    /// The name; of an unknown method that is not UTF-8, `"?"`.
    pub fn as_str(&self) -> &'a str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("?")
    }
}

macro_rules! header_names {
    ($($name:ident = $text:literal $(, $compact:literal)?;)*) => {
        /// The name of a header field, without regard to case and compact forms.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum HeaderName {
            $($name,)*
            /// Any other field, by its full name.
            Other(&'static str),
        }

        impl HeaderName {
            pub fn as_str(&self) -> &'static str {
                match self {
                    $(HeaderName::$name => $text,)*
                    HeaderName::Other(text) => text,
                }
            }

            /// The known name that these bytes spell, long or compact.
            pub(super) fn read(bytes: &[u8]) -> Option<HeaderName> {
                if let [letter] = bytes {
                    return match letter.to_ascii_lowercase() {
                        $($($compact => Some(HeaderName::$name),)?)*
                        _ => None,
                    };
                }
                $(if bytes.eq_ignore_ascii_case($text.as_bytes()) { return Some(HeaderName::$name); })*
                None
            }
        }
    };
}

header_names! {
    Via = "Via", b'v';
    From = "From", b'f';
    To = "To", b't';
    CallId = "Call-ID", b'i';
    CSeq = "CSeq";
    Contact = "Contact", b'm';
    MaxForwards = "Max-Forwards";
    ContentLength = "Content-Length", b'l';
    ContentType = "Content-Type", b'c';
    ContentEncoding = "Content-Encoding", b'e';
    Route = "Route";
    RecordRoute = "Record-Route";
    Allow = "Allow";
    Supported = "Supported", b'k';
    Require = "Require";
    ProxyRequire = "Proxy-Require";
    Unsupported = "Unsupported";
    Expires = "Expires";
    MinExpires = "Min-Expires";
    Path = "Path";
    Authorization = "Authorization";
    ProxyAuthorization = "Proxy-Authorization";
    WwwAuthenticate = "WWW-Authenticate";
    ProxyAuthenticate = "Proxy-Authenticate";
    UserAgent = "User-Agent";
    Reason = "Reason";
    RetryAfter = "Retry-After";
    SessionExpires = "Session-Expires", b'x';
    MinSe = "Min-SE";
    Event = "Event", b'o';
    ReferTo = "Refer-To", b'r';
    ReferredBy = "Referred-By", b'b';
    Replaces = "Replaces";
    PAssertedIdentity = "P-Asserted-Identity";
    PPreferredIdentity = "P-Preferred-Identity";
    Privacy = "Privacy";
    Subject = "Subject", b's';
    Accept = "Accept";
    RSeq = "RSeq";
    RAck = "RAck";
    Date = "Date";
    Warning = "Warning";
}
