DROP TABLE effects;
DROP TABLE inbox;
DROP TABLE database_identity;
