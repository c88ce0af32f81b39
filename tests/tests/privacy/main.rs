//! What a viewer who may not see clients' numbers gets, searched for their digits.

mod dialled;
mod storm;
mod text;
mod wire;
