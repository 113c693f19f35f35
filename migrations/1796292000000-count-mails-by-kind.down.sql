revoke select (kind) on mail_outbox from tidegate_app;
