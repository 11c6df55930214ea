/** S3's code of what a promise was refused with; "none" when it was not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    const { s3Code, name } = error as { s3Code?: string; name?: string };
    return s3Code ?? name ?? String(error);
  }
  return "none";
}
