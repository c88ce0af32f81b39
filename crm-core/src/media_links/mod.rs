//! Links to sounds that are followed without a log-in: good for minutes, and each one is somebody's, whose rights count
//! when it is followed. Nothing is kept of a link: its signature, made with a key of the account's, says that it is ours.

mod store;

use frontdesk_routing::ids::{AccountId, ProjectId, RecordingId, StaffId};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::access::{Right, Role};

pub(crate) use store::{ALL, found, seal};
pub use store::{owner, sign};

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// A call's recording, to be played.
    Recording,
    /// The same as a file to keep.
    RecordingFile,
    /// A message in a mailbox, to be played.
    Message,
}

impl Sound {
    /// Without this right, used by whoever the link is of, it leads nowhere.
    pub fn right(self) -> Right {
        match self {
            Sound::Recording | Sound::Message => Right::RecordingsPlay,
            Sound::RecordingFile => Right::RecordingsDownload,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Sound::Recording => "recording",
            Sound::RecordingFile => "recording file",
            Sound::Message => "message",
        }
    }
}

/// All that a link says and that its signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaLink {
    pub sound: Sound,
    pub recording: RecordingId,
    /// Who has asked for it.
    pub staff: StaffId,
    /// The project that they looked at: how far a right reaches depends on it.
    pub project: ProjectId,
    /// Unix seconds; from then on it is good no longer.
    pub expires: i64,
}

/// Whose a link is, if they still have access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub account: AccountId,
    pub name: String,
    pub role: Role,
    /// Of the account's roles and groups, as `roles::Cache` takes it.
    pub rights_version: i64,
}

impl MediaLink {
    /// HMAC-SHA256 in hexadecimal.
    fn signature(&self, key: &str) -> String {
        self.mac(key)
            .map(|mac| hex::encode(mac.finalize().into_bytes()))
            .unwrap_or_default()
    }

    /// Compared in constant time.
    fn is_signed(&self, key: &str, signature: &str) -> bool {
        let mut given = [0; 32];
        let read = hex::decode_to_slice(signature, &mut given);
        read.is_ok() && self.mac(key).is_some_and(|mac| mac.verify_slice(&given).is_ok())
    }

    fn mac(&self, key: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
        let (sound, expires) = (self.sound.word(), self.expires);
        let said = format!(
            "media link 1\n{sound}\n{}\n{}\n{}\n{expires}",
            self.recording, self.staff, self.project
        );
        mac.update(said.as_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_makes_of_the_same_and_good_for_nothing_else() {
        let link = MediaLink {
            sound: Sound::Recording,
            recording: RecordingId::from_u128(1),
            staff: StaffId::from_u128(2),
            project: ProjectId::from_u128(3),
            expires: 1_795_000_300,
        };
        // printf 'media link 1\nrecording\n%026d\n%026d\n%026d\n1795000300' 1 2 3 | openssl dgst -sha256 -hmac secret
        let signature = "b7c75feeeab5dced9396f54d30f3fe3814c16070c479fb4e45d0bf83f621a2e6";
        assert_eq!(link.signature("secret"), signature);
        assert!(link.is_signed("secret", signature));
        assert!(!link.is_signed("Secret", signature));
        for wrong in [
            "",
            "00",
            &signature[1..],
            &signature.replace('a', "g"),
            &format!("{signature}00"),
        ] {
            assert!(!link.is_signed("secret", wrong), "{wrong}");
        }
        let others = [
            MediaLink {
                sound: Sound::RecordingFile,
                ..link
            },
            MediaLink {
                sound: Sound::Message,
                ..link
            },
            MediaLink {
                recording: RecordingId::from_u128(9),
                ..link
            },
            MediaLink {
                staff: StaffId::from_u128(9),
                ..link
            },
            MediaLink {
                project: ProjectId::from_u128(9),
                ..link
            },
            MediaLink {
                expires: link.expires + 1,
                ..link
            },
        ];
        assert!(others.iter().all(|other| !other.is_signed("secret", signature)));
    }
}
