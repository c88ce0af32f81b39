CREATE TABLE blocks (
    address TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT
);
