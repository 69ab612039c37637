"""The study of a body: from its document to answers with their uncertainty, whatever it is made of."""
