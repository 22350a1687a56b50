DROP TABLE export;
DROP TABLE export_state;
DROP TABLE export_format;
