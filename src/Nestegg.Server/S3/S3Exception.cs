namespace Nestegg.Server.S3;

/// <summary>
/// A request that is answered with an error document. Codes and statuses are those of the S3 API reference, "Error responses".
/// </summary>
internal sealed class S3Exception(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public static S3Exception AccessDenied(string message) => new(403, "AccessDenied", message);

    public static S3Exception BadDigest(string what) => new(400, "BadDigest", $"The {what} you specified did not match what we received.");

    public static S3Exception BadDigestLength() =>
        new(400, "InvalidDigest", "The Content-MD5 you specified is not the base64 of 16 bytes.");

    public static S3Exception BucketAlreadyOwned() =>
        new(409, "BucketAlreadyOwnedByYou", "You have made this bucket before, and you own it.");

    public static S3Exception BucketNotEmpty() => new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.");

    public static S3Exception EntityTooLarge() =>
        new(400, "EntityTooLarge", $"An object or part has at most {ServerLimits.MaxObjectBytes} bytes.");

    public static S3Exception IncompleteBody() => new(400, "IncompleteBody", "The body has not the length that its headers state.");

    public static S3Exception InvalidArgument(string message) => new(400, "InvalidArgument", message);

    public static S3Exception InvalidBucketName() =>
        new(400, "InvalidBucketName", "A bucket's name has 3 to 63 characters of a-z, 0-9, '.' and '-', and begins and ends with a letter "
            + "or digit.");

    public static S3Exception InvalidRange() => new(416, "InvalidRange", "The requested range cannot be satisfied.");

    public static S3Exception InvalidRequest(string message) => new(400, "InvalidRequest", message);

    public static S3Exception KeyTooLong() => new(400, "KeyTooLongError", "Your key is longer than 1024 bytes.");

    public static S3Exception MalformedXml() =>
        new(400, "MalformedXML", "The XML you provided is not well-formed or not what this request takes.");

    public static S3Exception MethodNotAllowed() => new(405, "MethodNotAllowed", "This method is not allowed on this resource.");

    public static S3Exception NoSuchBucket() => new(404, "NoSuchBucket", "The specified bucket does not exist.");

    public static S3Exception NoSuchKey() => new(404, "NoSuchKey", "The specified key does not exist.");

    public static S3Exception NoSuchUpload() =>
        new(404, "NoSuchUpload", "The specified multipart upload does not exist; it may have been completed or aborted.");

    public static S3Exception NotImplemented(string what) => new(501, "NotImplemented", $"This store does not implement {what}.");

    public static S3Exception PreconditionFailed() =>
        new(412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.");

    public static S3Exception QuotaExceeded(string message) => new(403, "QuotaExceeded", message);

    public static S3Exception RequestTimeout() =>
        new(400, "RequestTimeout", "Your connection was idle for too long, or slower than this store bears with.");

    public static S3Exception SignatureDoesNotMatch() =>
        new(403, "SignatureDoesNotMatch", "The signature we calculated does not match the one you sent. Check your secret access key and "
            + "your signing method.");
}
