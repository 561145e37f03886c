DROP TABLE books;
DROP TABLE database_identity;
