DROP INDEX books_title_key;
