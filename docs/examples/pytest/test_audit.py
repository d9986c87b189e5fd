import subprocess


def test_reads_are_audited(das):
    subprocess.run(["psql", das.dsn, "-qc", "create table t (n int)", "-c", "select n from t -- mine"], check=True)
    mine = [e for e in das.events() if "mine" in (e["commandText"] or "")]
    assert [(e["class"], e["command"], e["objectName"]) for e in mine] == [("READ", "SELECT", "public.t")]


def test_passwords_are_not(das):
    subprocess.run(["psql", das.dsn, "-qc", "create role bob password 'hunter2'"], check=True)
    assert "hunter2" not in str(das.events())
