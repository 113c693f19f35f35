drop table audit_stream_positions;
drop table audit_streams;
