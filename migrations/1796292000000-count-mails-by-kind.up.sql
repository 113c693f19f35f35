-- Mails to somebody are counted by kind: who is invited by many still gets the link for a new password.
grant select (kind) on mail_outbox to tidegate_app;
