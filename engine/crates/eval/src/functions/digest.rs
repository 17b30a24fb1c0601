//! Digests by the names of their algorithms, as the extensions pgcrypto and uuid-ossp have them.

use crate::registry::{Function, fallible};
use hmac::{Mac, SimpleHmac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use tidewire_row::{EvalError, EvalResult};

/// One expression for each algorithm: `$do` names a generic function of the digest.
macro_rules! by_name {
    ($name:expr, $do:ident($($argument:expr),*)) => {
        match $name.to_ascii_lowercase().as_str() {
            "md5" => Ok($do::<Md5>($($argument),*)),
            "sha1" => Ok($do::<Sha1>($($argument),*)),
            "sha224" => Ok($do::<Sha224>($($argument),*)),
            "sha256" => Ok($do::<Sha256>($($argument),*)),
            "sha384" => Ok($do::<Sha384>($($argument),*)),
            "sha512" => Ok($do::<Sha512>($($argument),*)),
            _ => Err(EvalError::new("22023", format!("Cannot use \"{}\": No such hash algorithm", $name))),
        }
    };
}

fn hash<D: Digest>(data: &[u8]) -> Vec<u8> {
    D::digest(data).to_vec()
}

fn authenticate<D: Digest + hmac::digest::core_api::BlockSizeUser>(data: &[u8], key: &[u8]) -> Vec<u8> {
    let mut mac = SimpleHmac::<D>::new_from_slice(key).expect("a key of any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn digest(data: &[u8], algorithm: &str) -> EvalResult<Vec<u8>> {
    by_name!(algorithm, hash(data))
}

fn hmac(data: &[u8], key: &[u8], algorithm: &str) -> EvalResult<Vec<u8>> {
    by_name!(algorithm, authenticate(data, key))
}

pub(super) const FUNCTIONS: &[Function] = &[
    fallible!("tw_digest", (data: Bytea, algorithm: Text), env =>
        digest(data, algorithm).map(|bytes| env.arena.push_bytes(bytes))),
    fallible!("tw_hmac", (data: Bytea, key: Bytea, algorithm: Text), env =>
        hmac(data, key, algorithm).map(|bytes| env.arena.push_bytes(bytes))),
];
