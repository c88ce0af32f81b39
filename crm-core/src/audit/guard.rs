//! Triggers, so that the database takes no other change of the audit than a new row at the end of a chain, the chaining
//! of an old row, and the blanking of what was before and after. The two databases have no common way to write them.

/// Same who, what, when and from where.
macro_rules! kept {
    () => {
        "NEW.id = OLD.id AND NEW.account_id = OLD.account_id AND NEW.at = OLD.at AND NEW.actor_name = OLD.actor_name \
         AND NEW.action = OLD.action AND NEW.entity = OLD.entity AND NEW.entity_id = OLD.entity_id \
         AND NEW.actor_staff_id IS NOT DISTINCT FROM OLD.actor_staff_id AND NEW.ip IS NOT DISTINCT FROM OLD.ip"
    };
}

macro_rules! blanked {
    () => {
        "OLD.seq IS NOT NULL AND NEW.seq IS NOT DISTINCT FROM OLD.seq AND NEW.hash IS NOT DISTINCT FROM OLD.hash \
         AND NEW.prev_hash IS NOT DISTINCT FROM OLD.prev_hash AND NEW.digest IS NOT DISTINCT FROM OLD.digest \
         AND NEW.salt IS NULL AND NEW.before_json IS NULL AND NEW.after_json IS NULL"
    };
}

macro_rules! chained {
    () => {
        "OLD.seq IS NULL AND NEW.seq IS NOT NULL AND NEW.hash IS NOT NULL \
         AND NEW.before_json IS NOT DISTINCT FROM OLD.before_json AND NEW.after_json IS NOT DISTINCT FROM OLD.after_json"
    };
}

macro_rules! wrong_update {
    () => {
        concat!(
            "NOT COALESCE((",
            kept!(),
            ") AND ((",
            blanked!(),
            ") OR (",
            chained!(),
            ")), FALSE)"
        )
    };
}

/// Replacing a row is no way around its deletion.
macro_rules! wrong_insert {
    () => {
        "NEW.seq IS NULL OR NEW.hash IS NULL \
         OR EXISTS (SELECT 1 FROM audit WHERE id = NEW.id OR account_id = NEW.account_id AND seq = NEW.seq)"
    };
}

/// A head moves on, never back.
macro_rules! wrong_head {
    () => {
        "NOT COALESCE(NEW.account_id = OLD.account_id AND (NEW.seq > OLD.seq OR NEW.seq = OLD.seq AND NEW.hash = OLD.hash), FALSE)"
    };
}

macro_rules! sqlite_trigger {
    ($name:literal, $event:literal, $wrong:expr) => {
        concat!(
            "CREATE TRIGGER IF NOT EXISTS ",
            $name,
            " BEFORE ",
            $event,
            " FOR EACH ROW BEGIN ",
            "SELECT RAISE(ABORT, 'the audit is append-only') WHERE ",
            $wrong,
            "; END;\n"
        )
    };
}

pub(crate) const SQLITE: &str = concat!(
    sqlite_trigger!("audit_inserted", "INSERT ON audit", wrong_insert!()),
    sqlite_trigger!("audit_updated", "UPDATE ON audit", wrong_update!()),
    sqlite_trigger!("audit_deleted", "DELETE ON audit", "TRUE"),
    sqlite_trigger!("audit_heads_updated", "UPDATE ON audit_heads", wrong_head!()),
    sqlite_trigger!("audit_heads_deleted", "DELETE ON audit_heads", "TRUE"),
);

/// Several nodes may start at once: one of them makes the triggers.
pub(crate) const POSTGRES: &str = concat!(
    "DO $do$ BEGIN PERFORM pg_advisory_xact_lock(6019079);\n",
    "IF EXISTS (SELECT FROM pg_trigger WHERE tgname = 'audit_heads_truncated' AND tgrelid = 'audit_heads'::regclass) ",
    "THEN RETURN; END IF;\n",
    "CREATE OR REPLACE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $fn$ DECLARE wrong BOOLEAN := TRUE; BEGIN\n",
    "IF TG_OP = 'INSERT' THEN wrong := ",
    wrong_insert!(),
    ";\n",
    "ELSIF TG_OP = 'UPDATE' THEN wrong := ",
    wrong_update!(),
    "; END IF;\n",
    "IF wrong THEN RAISE EXCEPTION 'the audit is append-only'; END IF; RETURN NEW; END $fn$;\n",
    "CREATE OR REPLACE FUNCTION audit_heads_guard() RETURNS trigger LANGUAGE plpgsql AS $fn$ ",
    "DECLARE wrong BOOLEAN := TRUE; BEGIN\n",
    "IF TG_OP = 'UPDATE' THEN wrong := ",
    wrong_head!(),
    "; END IF;\n",
    "IF wrong THEN RAISE EXCEPTION 'the audit is append-only'; END IF; RETURN NEW; END $fn$;\n",
    "CREATE OR REPLACE TRIGGER audit_changed BEFORE INSERT OR UPDATE OR DELETE ON audit ",
    "FOR EACH ROW EXECUTE FUNCTION audit_guard();\n",
    "CREATE OR REPLACE TRIGGER audit_truncated BEFORE TRUNCATE ON audit ",
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_guard();\n",
    "CREATE OR REPLACE TRIGGER audit_heads_changed BEFORE UPDATE OR DELETE ON audit_heads ",
    "FOR EACH ROW EXECUTE FUNCTION audit_heads_guard();\n",
    "CREATE OR REPLACE TRIGGER audit_heads_truncated BEFORE TRUNCATE ON audit_heads ",
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_heads_guard();\n",
    "END $do$"
);
