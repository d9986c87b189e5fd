package catalog

import "context"

// fingerprintSQL reads the snapshot and, unless it is the one of the last check, a
// checksum over the object ids and xmin of what answers depend on. xmin
// changes with every committed DDL and not with VACUUM or ANALYZE (they update in
// place). Objects made by initdb are left out.
const fingerprintSQL = `
WITH s AS MATERIALIZED (SELECT txid_current_snapshot()::text AS snap)
SELECT snap, CASE WHEN snap <> $1 THEN (
  SELECT concat_ws(',',
    (SELECT concat_ws(':', count(*), sum(hashint8extended((oid::int8 << 32) | xmin::text::int8, 0)))
       FROM pg_class WHERE oid >= 16384 AND relkind NOT IN ('i', 'I', 't')),
    (SELECT concat_ws(':', count(*), sum(hashint8extended((oid::int8 << 32) | xmin::text::int8, 1)))
       FROM pg_namespace),
    (SELECT concat_ws(':', count(*), sum(hashint8extended((oid::int8 << 32) | xmin::text::int8, 2)))
       FROM pg_proc WHERE oid >= 16384),
    (SELECT concat_ws(':', count(*), sum(hashint8extended((oid::int8 << 32) | xmin::text::int8, 3)))
       FROM pg_rewrite WHERE oid >= 16384),
    (SELECT concat_ws(':', count(*), sum(hashint8extended((setrole::int8 << 32) | xmin::text::int8, 4)))
       FROM pg_db_role_setting),
    (SELECT concat_ws(':', count(*), sum(hashint8extended((member::int8 << 32) | xmin::text::int8, 5)))
       FROM pg_auth_members),
    (SELECT concat_ws(':', count(*), sum(hashint8extended((oid::int8 << 32) | xmin::text::int8, kind)))
       FROM (SELECT 6 AS kind, oid, xmin FROM pg_constraint UNION ALL SELECT 7, oid, xmin FROM pg_attrdef
         UNION ALL SELECT 8, indexrelid, xmin FROM pg_index WHERE indexrelid >= 16384
         UNION ALL SELECT 9, oid, xmin FROM pg_policy UNION ALL SELECT 10, oid, xmin FROM pg_operator
         UNION ALL SELECT 11, oid, xmin FROM pg_cast
         UNION ALL SELECT 12, oid, xmin FROM pg_type WHERE typtype IN ('d', 'e') AND oid >= 16384) o WHERE oid >= 10000)))
  END
FROM s`

// stretch is how many times its own cost lies between two checks at least: checking
// takes no more than 2 % of one server process.
const stretch = 50

// retryCheck is how many intervals pass after a check that the server refused or
// that took longer than statement_timeout.
const retryCheck = 30

// check compares the fingerprint with the last one and voids the database's
// cached answers if it differs, or if it cannot be read.
func (d *database) check(ctx context.Context) error {
	start := d.c.now()
	rows, err := d.query(ctx, fingerprintSQL, d.side.snapshot)
	if err != nil {
		if !d.side.conn.IsClosed() {
			d.version.Store(d.c.versions.Add(1))
			d.interval.Store(retryCheck * int64(d.c.cfg.CheckInterval))
			d.checked.Store(max(d.c.now(), 1))
			d.c.cfg.Logger.DebugContext(ctx, "catalogue fingerprint failed", "database", d.name, "error", err)
			return nil
		}
		return err
	}
	cost := d.c.now() - start
	snapshot, fingerprint := string(rows[0][0]), string(rows[0][1])
	if snapshot != d.side.snapshot && fingerprint != d.side.fingerprint {
		if d.side.fingerprint != "" {
			d.version.Store(d.c.versions.Add(1))
		}
		d.side.fingerprint = fingerprint
	}
	d.side.snapshot = snapshot
	d.interval.Store(max(int64(d.c.cfg.CheckInterval), stretch*cost))
	d.checked.Store(max(start, 1))
	return nil
}
