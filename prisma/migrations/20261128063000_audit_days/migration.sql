-- A search of the log by days alone. Entries stand in the order of their index; a clock that was wrong may have put their times out of it.
CREATE INDEX "audit_entry_at_idx" ON "audit_entry" ("at");
