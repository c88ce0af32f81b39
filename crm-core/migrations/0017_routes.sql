-- By which lines calls go outside: the longest prefix counts, its lines are tried in their order; without lines such calls
-- are not made. One route is for emergency numbers and has no prefix.
CREATE TABLE outbound_routes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    prefix TEXT,
    emergency BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CHECK (emergency = (prefix IS NULL))
);
CREATE UNIQUE INDEX outbound_routes_prefix ON outbound_routes (account_id, prefix);
CREATE UNIQUE INDEX outbound_routes_emergency ON outbound_routes (account_id) WHERE emergency;

CREATE TABLE outbound_route_trunks (
    route_id TEXT NOT NULL REFERENCES outbound_routes (id),
    place BIGINT NOT NULL,
    trunk_id TEXT NOT NULL REFERENCES trunks (id),
    PRIMARY KEY (route_id, place)
);
CREATE INDEX outbound_route_trunks_trunk ON outbound_route_trunks (trunk_id);

-- What an account has set of emergency numbers; one that has set nothing has those of its country. Numbers stand one a line.
CREATE TABLE emergency_settings (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    numbers TEXT NOT NULL,
    prefix TEXT,
    before_short_numbers BOOLEAN NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
