CREATE UNIQUE INDEX books_title_key ON books (title);
