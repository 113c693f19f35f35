alter table audit_anchors drop column countersigned;
