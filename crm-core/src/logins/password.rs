//! Argon2id, away from the asynchronous threads.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use tokio::sync::Semaphore;

use crate::store::StoreError;

/// 19 MiB and two passes: what OWASP asks for at least.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Passwords worked on at the same time: a crowd at the door waits and does not eat the memory.
static PLACES: Semaphore = Semaphore::const_new(4);

fn hasher() -> Result<Argon2<'static>, StoreError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| failed(&error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("a password's hash: {error}"))
}

/// What is kept of a password; the salt has to be a fresh random number.
pub async fn hash(password: String, salt: u128) -> Result<String, StoreError> {
    away(move || {
        let salt = SaltString::encode_b64(&salt.to_le_bytes()).map_err(|error| failed(&error))?;
        let hash = hasher()?
            .hash_password(password.as_bytes(), &salt)
            .map_err(|error| failed(&error))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password is the one; without a hash the same work is done in vain, so that nobody learns who exists.
pub(super) async fn verify(password: String, hash: Option<String>) -> Result<bool, StoreError> {
    away(move || {
        let Some(hash) = hash else {
            let salt = SaltString::encode_b64(b"nobody has this!").map_err(|error| failed(&error))?;
            let _ = hasher()?.hash_password(password.as_bytes(), &salt);
            return Ok(false);
        };
        let hash = PasswordHash::new(&hash).map_err(|error| failed(&error))?;
        Ok(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
}

async fn away<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let _place = PLACES.acquire().await.map_err(|error| failed(&error))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| failed(&error))?
}
