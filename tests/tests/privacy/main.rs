//! What a viewer who may not see clients' numbers gets, searched for their digits.

mod dialled;
mod ordered;
mod storm;
mod text;
mod wire;
