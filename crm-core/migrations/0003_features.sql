CREATE TABLE forwardings (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id) ON DELETE CASCADE,
    dnd BOOLEAN NOT NULL,
    always_to TEXT,
    busy_to TEXT,
    no_answer_to TEXT,
    no_answer_after BIGINT NOT NULL,
    offline_to TEXT,
    mark BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE feature_settings (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    pickup TEXT NOT NULL,
    codes TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
