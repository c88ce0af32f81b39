# Short names for what is typed often; `just --list` shows them.

# everything that CI checks
check:
    bash .ci/test

# unit tests only
fast:
    cargo test --workspace --lib

# walks the description of the API against the built daemon
api:
    python3 .ci/api

demo:
    cargo run --release -- demo

bench:
    cargo bench -p frontdesk-sip -p frontdesk-media -p frontdesk-routing -p frontdesk-recordings
