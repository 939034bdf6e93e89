"""Operations as data, read from their models: for command lines, forms and documentation."""
